const NBSP = '\u00a0'
const shortWord = /(?<=^|[\s(«\u00a0])([а-яё]{1,2}) /giu

/** What stands before a piece of text in its message. */
export type TextBefore = 'start' | 'argument' | 'number'

/** Puts no-break spaces into a Russian text: a line must not end with «в», «и», «на», nor begin with a dash or a counted word. */
export function tieRussian(text: string, before: TextBefore): string {
  // A mark before the text keeps its first letters from being taken for a word of their own.
  const marked = before === 'start' ? text : `\0${text}`
  const tied = marked.replace(shortWord, `$1${NBSP}`).replaceAll(' —', `${NBSP}—`).replace('\0', '')
  return before === 'number' ? tied.replace(/^ (?=\p{L})/u, NBSP) : tied
}
