import type { UserId } from '@veche/shared/ids'
import type { MessageRow } from '@veche/shared/rows/rows'
import { createContext, type Component } from 'svelte'
import type { Locale } from '#lib/i18n/languages.ts'
import type { MessageCommand } from '#lib/store/commands.ts'
import { systemMessageText } from './system-message-text.ts'

/** Who reads a message, and how others are called. */
export type MessageReader = { me: UserId | null; nameOf: (id: UserId) => string }

export type MessageKind = {
  kind: MessageRow['kind']
  /** The message in one line, below the title of its chat. */
  summary: (locale: Locale, message: MessageRow, reader: MessageReader) => string
  /** Loads what draws the message in the history. Kinds without it are drawn by the conversation itself. */
  component?: () => Promise<Component<{ message: MessageRow }>>
  /** Loads what stands in the bubble of the author, above the text: for kinds that somebody writes. */
  content?: () => Promise<Component<{ row: MessageRow | null; pending: MessageCommand | null }>>
  /** The same line for a message that is not sent yet. */
  summaryOfPending?: (locale: Locale, message: MessageCommand) => string
}

/**
 * What can be a message. A feature registers its own kind here, so that neither the list of chats nor the conversation knows the
 * feature. Which kinds count as unread is said in `@veche/shared/messages`, because the server counts them too.
 */
export class MessageKinds {
  readonly #kinds = new Map<MessageRow['kind'], MessageKind>()

  constructor() {
    this.register({ kind: 'text', summary: (_, message) => message.body ?? '' })
    this.register({ kind: 'system', summary: systemMessageText })
  }

  register(kind: MessageKind): void {
    this.#kinds.set(kind.kind, kind)
  }

  /** Whether somebody has written it, so that it has an author and a bubble. */
  isWritten(kind: MessageRow['kind']): boolean {
    return kind === 'text' || this.#kinds.get(kind)?.content !== undefined
  }

  get(kind: MessageRow['kind']): MessageKind | undefined {
    return this.#kinds.get(kind)
  }
}

export const [getMessageKinds, setMessageKinds] = createContext<MessageKinds>()
