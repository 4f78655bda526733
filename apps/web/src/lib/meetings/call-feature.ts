import Phone from '@lucide/svelte/icons/phone'
import Video from '@lucide/svelte/icons/video'
import type { MessageRow } from '@veche/shared/rows/rows'
import { goto } from '$app/navigation'
import type { Chat } from '#lib/chats/chat.ts'
import type { Locale } from '#lib/i18n/languages.ts'
import { wordsIn, wordsOf } from '#lib/i18n/words.ts'
import type { Feature } from '#lib/signed-in/feature.ts'
import { ActiveCall, setActiveCall } from './ActiveCall.svelte.ts'

/** Texts about calls that the first load has, for the list of chats and the header of a conversation. */
export const callMessageWords = wordsOf('callMessage')

/** The call of this tab, with its bar above every page; and what meetings add to chats and conversations. */
export const callFeature: Feature = {
  start({ session, api, messageKinds, conversationParts }) {
    const activeCall = new ActiveCall(session)
    messageKinds.register(callMessageKind)
    conversationParts.banners.push(joinBanner)
    conversationParts.headerActions.push(...callActions)
    void activeCall.returnAfterReload(async () => {
      const { openCallAgain } = await import('./call/open-call.ts')
      await openCallAgain(activeCall, api)
    })
    return {
      provide: () => void setActiveCall(activeCall),
      bar: {
        isShown: () => activeCall.current !== null || activeCall.returning,
        component: () => import('./page/ActiveCallBar.svelte').then((module) => module.default),
      },
      reasonToStay: (locale) => (activeCall.ongoing ? wordsIn(locale, callMessageWords).signOutEndsCall : null),
      end: () => activeCall.end(),
    }
  },
}

/** The kind of message that a call leaves in its chat. */
const callMessageKind = {
  kind: 'call',
  /** One line, for the list of chats. */
  summary: callSummary,
  /** Loaded when the first such message is shown. */
  component: () => import('./page/chat-parts.ts').then((parts) => parts.CallCard),
} as const

/** What goes on or has ended, on the card of a call as in the list of chats. */
export function callSummary(locale: Locale, { call }: MessageRow): string {
  const t = wordsIn(locale, callMessageWords)
  if (call?.audio) return call.state === 'live' ? t.audioLive : t.audioEnded
  return call?.state === 'live' ? t.callLive : t.callEnded
}

/** The banner above the history of a chat in which a meeting goes on. */
const joinBanner = {
  isShown: (chat: Chat): boolean => chat.row.liveMeetingId !== null,
  component: () => import('./page/chat-parts.ts').then((parts) => parts.JoinBanner),
} as const

/** The buttons in the header of a conversation. */
const callActions = [
  {
    label: (locale: Locale) => wordsIn(locale, callMessageWords).call,
    Icon: Phone,
    run: (chat: Chat) => void goto(`/call/${chat.id}?audio`),
  },
  {
    label: (locale: Locale) => wordsIn(locale, callMessageWords).videoCall,
    Icon: Video,
    run: (chat: Chat) => void goto(`/call/${chat.id}?video`),
  },
] as const
