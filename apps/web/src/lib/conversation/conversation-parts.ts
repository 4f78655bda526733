import { createContext, type Component } from 'svelte'
import type { Chat } from '#lib/chats/chat.ts'
import type { Locale } from '#lib/i18n/languages.ts'

/** Stands between the header and the history. */
export type ConversationBanner = {
  isShown: (chat: Chat) => boolean
  component: () => Promise<Component<{ chat: Chat }>>
}

/** A button in the header. */
export type HeaderAction = { label: (locale: Locale) => string; Icon: Component; run: (chat: Chat) => void }

/** What other features add to a conversation. They register it here, so that the conversation does not know them. */
export class ConversationParts {
  readonly banners: ConversationBanner[] = []
  readonly headerActions: HeaderAction[] = []
}

export const [getConversationParts, setConversationParts] = createContext<ConversationParts>()
