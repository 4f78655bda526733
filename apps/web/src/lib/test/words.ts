import { languageNames } from '#lib/i18n/languages.ts'
import { loadWords } from '#lib/i18n/words.ts'

/** For tests of functions that get the language as an argument. Call it after the module with the words is loaded. */
export async function loadEveryLanguage(): Promise<void> {
  await Promise.all(languageNames.map(([locale]) => loadWords(locale)))
}
