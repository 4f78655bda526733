import type { MessageRow } from '@veche/shared/rows/rows'
import type { Chat } from '#lib/chats/chat.ts'
import { catalogue, type Locale } from '#lib/i18n/catalogue.ts'

/** Apart from `meetingWords`: the list of chats needs these two on the first screen, and the others only when a meeting is shown. */
const summaryWords = catalogue({
  en: { live: 'A call goes on', ended: 'Call ended' },
  ru: { live: 'Идёт звонок', ended: 'Звонок закончился' },
})

/** What meetings bring to conversations; the app registers it, so that a conversation knows no meeting. */
export const callMessageKind = {
  kind: 'call',
  /** Loaded when the first such message is shown: a component with the prop `message`. */
  component: () => import('./CallCard.svelte').then((module) => module.default),
  /** Shown under the title of the chat when the call is its last message. */
  summary: (locale: Locale, message: MessageRow): string =>
    summaryWords[locale][message.call?.state === 'live' ? 'live' : 'ended'],
} as const

/** A banner above the history: a component with the prop `chat`. */
export const joinBanner = {
  isShown: (chat: Chat): boolean => chat.row.liveMeetingId !== null,
  component: () => import('./JoinBanner.svelte').then((module) => module.default),
} as const
