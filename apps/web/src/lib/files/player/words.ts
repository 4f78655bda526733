import { wordsOf } from '#lib/i18n/words.ts'

export const playerWords = wordsOf('player')
