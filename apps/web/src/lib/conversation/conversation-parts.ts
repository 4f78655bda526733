import type { ChatId } from '@veche/shared/ids'
import { createContext, type Component } from 'svelte'
import type { Chat } from '#lib/chats/chat.ts'
import type { Locale } from '#lib/i18n/languages.ts'
import type { Outbox } from '#lib/live/outbox/Outbox.ts'
import type { Conversation } from './conversation.svelte.ts'

/** Stands between the header and the history. */
export type ConversationBanner = {
  isShown: (chat: Chat) => boolean
  component: () => Promise<Component<{ chat: Chat }>>
}

/** A button in the header. */
export type HeaderAction = { label: (locale: Locale) => string; Icon: Component; run: (chat: Chat) => void }

/** Files in the composer. */
export type AttachPart = {
  /** The button beside the field, and above both what is picked. */
  part: () => Promise<Component<{ conversation: Conversation }>>
  /** The button that records a voice message, where the one that sends stands while there is nothing to send. */
  voice: AttachPart['part']
  /** Resolves when the files and their caption are in the outbox. */
  send: (outbox: Outbox, chatId: ChatId, caption: string, files: File[]) => Promise<void>
}

/** What other features add to a conversation. They register it here, so that the conversation does not know them. */
export class ConversationParts {
  readonly banners: ConversationBanner[] = []
  readonly headerActions: HeaderAction[] = []
  attach: AttachPart | null = null
  /** Stands in the details of a chat. `onleave` closes the details when the page goes elsewhere. */
  details: (() => Promise<Component<{ chat: Chat; onleave: () => void }>>) | undefined
}

export const [getConversationParts, setConversationParts] = createContext<ConversationParts>()
