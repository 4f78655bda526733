const NBSP = '\u00a0'
const shortWord = /(?<=^|[\s(«\u00a0])([а-яё]{1,2}) /giu

/** A Russian line never ends with «в», «и», «на», and never begins with a dash. */
export function tied(text: string): string {
  return text.replace(shortWord, `$1${NBSP}`).replaceAll(' —', `${NBSP}—`)
}

/** The same words, tied. */
export function bound<Words extends object>(words: Words): Words {
  const entries = Object.entries(words).map(([key, word]) => [
    key,
    typeof word === 'function' ? tying(word) : tied(word),
  ])
  return Object.fromEntries(entries) as Words
}

function tying(sentence: (...given: unknown[]) => string) {
  return (...given: unknown[]) => tied(sentence(...given))
}
