import type { UserId } from '@veche/shared/ids'
import type { MessageRow } from '@veche/shared/rows/rows'
import { createContext, type Component } from 'svelte'
import type { Locale } from '#lib/i18n/catalogue.ts'
import { systemMessageText } from './system-message-text.ts'

/** For whom a message is put into words: the language, who they are, and how others are called. */
export type MessageReader = { locale: Locale; me: UserId | null; nameOf: (id: UserId) => string }

export type MessageKind = {
  /** The message in one line, below the title of its chat. */
  summary: (row: MessageRow, reader: MessageReader) => string
  /** Fetches the component that draws the message in the history. Kinds without it are drawn by the conversation itself. */
  loadCard?: () => Promise<{ default: Component<{ row: MessageRow; author: string }> }>
}

/**
 * What can be a message. A feature registers its own kind here, so that neither the list of chats nor the conversation knows the
 * feature. Which kinds count as unread is said in `@veche/shared/messages`, because the server counts them too.
 */
export class MessageKinds {
  readonly #kinds = new Map<MessageRow['kind'], MessageKind>([
    ['text', { summary: (row) => row.body ?? '' }],
    ['system', { summary: systemMessageText }],
  ])

  register(name: MessageRow['kind'], kind: MessageKind): void {
    this.#kinds.set(name, kind)
  }

  summary(row: MessageRow, reader: MessageReader): string {
    return this.#kinds.get(row.kind)?.summary(row, reader) ?? ''
  }

  loadCard(name: MessageRow['kind']): ReturnType<NonNullable<MessageKind['loadCard']>> | undefined {
    return this.#kinds.get(name)?.loadCard?.()
  }
}

export const [getMessageKinds, setMessageKinds] = createContext<MessageKinds>()
