import Phone from '@lucide/svelte/icons/phone'
import Video from '@lucide/svelte/icons/video'
import { goto } from '$app/navigation'
import type { MessageKinds } from '#lib/chats/message-kinds.ts'
import type { ConversationParts } from '#lib/conversation/conversation-parts.ts'
import { catalogue } from '#lib/i18n/catalogue.ts'

const words = catalogue({
  en: { call: 'Call', videoCall: 'Video call', callLive: 'A call goes on', callEnded: 'Call ended' },
  ru: {
    call: 'Позвонить',
    videoCall: 'Видеозвонок',
    callLive: 'Идёт звонок',
    callEnded: 'Звонок закончился',
  },
})

/** What meetings add to chats. The components are loaded when the first of them is shown. */
export function registerMeetingParts(kinds: MessageKinds, parts: ConversationParts) {
  kinds.register({
    kind: 'call',
    summary: (locale, { call }) => (call?.state === 'live' ? words[locale].callLive : words[locale].callEnded),
    component: () => import('./CallMessage.svelte').then((module) => module.default),
  })
  parts.banners.push({
    isShown: (chat) => Boolean(chat.row.liveMeetingId),
    component: () => import('#lib/meetings/JoinBanner.svelte').then((module) => module.default),
  })
  parts.headerActions.push(
    { label: (locale) => words[locale].call, Icon: Phone, run: (chat) => void goto(`/call/${chat.id}?audio`) },
    { label: (locale) => words[locale].videoCall, Icon: Video, run: (chat) => void goto(`/call/${chat.id}`) },
  )
}
