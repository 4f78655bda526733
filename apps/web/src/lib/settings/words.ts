import { wordsOf } from '#lib/i18n/words.ts'

export const settingsWords = wordsOf('settings')

export const dataSettingsWords = wordsOf('dataSettings')
