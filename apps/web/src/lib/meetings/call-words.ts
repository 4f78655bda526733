import { type WordsIn, wordsOf } from '#lib/i18n/words.ts'

/** Texts of the page before a call, of the call, and of its end. Names do not tell a gender, so Russian keeps to the present tense. */
export const callWords = wordsOf('call')

export type CallWords = WordsIn<'call'>
