import { wordsOf } from '#lib/i18n/words.ts'

export const voiceWords = wordsOf('voice')
