import { wordsOf } from '#lib/i18n/words.ts'

/** Texts about meetings outside of a call: the page of meetings, the link, the banner and the card in a chat. */
export const meetingWords = wordsOf('meetings')
