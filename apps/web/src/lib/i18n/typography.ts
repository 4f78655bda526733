const NBSP = '\u00a0'
const shortWord = /(?<=^|[\s(«\u00a0])([а-яё]{1,2}) /giu

/** Puts no-break spaces into a Russian text: a line must not end with «в», «и», «на», nor begin with a dash. */
export function tieShortWords(text: string): string {
  return text.replace(shortWord, `$1${NBSP}`).replaceAll(' —', `${NBSP}—`)
}

export function tieCatalogue<Words extends object>(words: Words): Words {
  const entries = Object.entries(words).map(([key, word]) => [
    key,
    typeof word === 'function' ? tieResult(word) : tieShortWords(word),
  ])
  return Object.fromEntries(entries) as Words
}

function tieResult(sentence: (...given: unknown[]) => string) {
  return (...given: unknown[]) => tieShortWords(sentence(...given))
}
