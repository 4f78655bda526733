import Phone from '@lucide/svelte/icons/phone'
import Video from '@lucide/svelte/icons/video'
import type { MessageRow } from '@veche/shared/rows/rows'
import { goto } from '$app/navigation'
import type { Chat } from '#lib/chats/chat.ts'
import type { Locale } from '#lib/i18n/languages.ts'
import { wordsIn, wordsOf } from '#lib/i18n/words.ts'

const words = wordsOf('callMessage')

/** The kind of message that a call leaves in its chat. The app registers it, so that a conversation knows no meeting. */
export const callMessageKind = {
  kind: 'call',
  /** One line, for the list of chats. */
  summary: (locale: Locale, { call }: MessageRow): string =>
    wordsIn(locale, words)[call?.state === 'live' ? 'callLive' : 'callEnded'],
  /** Loaded when the first such message is shown. */
  component: () => import('./CallCard.svelte').then((module) => module.default),
} as const

/** The banner above the history of a chat in which a meeting goes on. */
export const joinBanner = {
  isShown: (chat: Chat): boolean => chat.row.liveMeetingId !== null,
  component: () => import('./JoinBanner.svelte').then((module) => module.default),
} as const

/** The buttons in the header of a conversation. */
export const callActions = [
  {
    label: (locale: Locale) => wordsIn(locale, words).call,
    Icon: Phone,
    run: (chat: Chat) => void goto(`/call/${chat.id}?audio`),
  },
  {
    label: (locale: Locale) => wordsIn(locale, words).videoCall,
    Icon: Video,
    run: (chat: Chat) => void goto(`/call/${chat.id}`),
  },
] as const
