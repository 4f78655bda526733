import { wordsOf } from '#lib/i18n/words.ts'

/** Texts for people without an account: the page of a meeting's link, what is closed to guests, and a server without an owner. */
export const publicWords = wordsOf('public')
