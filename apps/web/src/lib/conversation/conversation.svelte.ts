import type { ClientId, ChatId } from '@veche/shared/ids'
import { limits } from '@veche/shared/limits'
import type { Chat } from '#lib/chats/chat.ts'
import type { Chats } from '#lib/chats/chats.svelte.ts'
import type { Live } from '#lib/live/live.svelte.ts'
import type { LiveClient } from '#lib/live/LiveClient.ts'
import type { MessageCommand } from '#lib/store/commands.ts'
import { Drafts } from './composer/Drafts.ts'
import type { AttachPart } from './conversation-parts.ts'
import type { Anchor } from './history/anchor.ts'
import { emptyHistory, History, type HistoryView } from './history/History.ts'
import { MessageItems, type MessageItem } from './history/message-items.ts'

const TYPING_EVERY_MS = 3_000
const NOTHING: MessageCommand[] = []

/** A chat that is open on the screen: what is shown of its history, and what the person does in it. */
export class Conversation {
  readonly id: ChatId
  readonly drafts: Drafts
  readonly #live: Live
  readonly #client: LiveClient
  readonly #chats: Chats
  readonly #history: History
  readonly #items = new MessageItems()
  /** The history as it is shown now. */
  view = $state.raw<HistoryView>(emptyHistory)
  /** What the next message takes along. */
  picked = $state.raw<File[]>([])
  /** How many messages were written here since the conversation was opened. */
  sent = $state(0)
  #typingSentAt = 0
  #opened = false

  constructor(live: Live, client: LiveClient, chats: Chats, id: ChatId) {
    this.id = id
    this.#live = live
    this.#client = client
    this.#chats = chats
    this.#history = new History(client, id, (view) => (this.view = view))
    this.drafts = new Drafts(client, id)
    chats.unstoredDrafts.set(id, () => this.drafts.unstored)
    this.picked = chats.picked.get(id) ?? []
  }

  // One by one, so that the list is derived again only when one of them has changed.
  readonly #rows = $derived(this.view.rows)
  readonly #pending = $derived(this.view.attached ? this.view.pending : NOTHING)
  /** Null while the first unread message is above all rows, because the rows that were far from the reader have left memory. */
  readonly #firstUnread = $derived.by(() => {
    const { rows, older, firstUnread } = this.view
    return older === 'end' || (rows[0]?.seq ?? 0) <= (firstUnread ?? 0) ? firstUnread : null
  })
  readonly items: MessageItem[] = $derived.by(() => {
    const me = this.#live.me ?? ''
    return this.#items.list({ rows: this.#rows, pending: this.#pending, me, firstUnread: this.#firstUnread })
  })

  get chat(): Chat | undefined {
    return this.#chats.get(this.id)
  }

  openOnce() {
    if (!this.#opened) void this.open()
  }

  async open(anchor?: Anchor) {
    this.#opened = true
    await this.#history.open(anchor)
    if (this.chat?.membership.unreadMark)
      await this.#chats.setMine(this.id, { unreadMark: false }).catch(() => undefined)
  }

  async close() {
    this.#history.close()
    this.#chats.picked.set(this.id, this.picked)
    // When the chat is gone, `Chats` may still have to ask for the draft that could not be stored.
    if (this.view.state !== 'gone') this.#chats.unstoredDrafts.delete(this.id)
    await this.drafts.close()
  }

  loadOlder() {
    return this.#history.loadOlder()
  }

  /** The reader sees the message with this number. */
  moveReader(seq: number, isAtEnd: boolean) {
    this.#history.moveReader(seq, isAtEnd)
  }

  loadNewer() {
    return this.#history.loadNewer()
  }

  retry() {
    this.#history.retry()
  }

  async jumpToLatest() {
    this.#history.forgetUnread()
    if (!this.view.attached) await this.#history.open('end')
  }

  /** The reader has seen all messages up to this one. */
  async markSeen(seq: number) {
    if (this.chat && seq > this.chat.readTo) await this.#client.readPositions.markRead(this.id, seq)
  }

  markUnreadFrom(seq: number) {
    this.#history.markUnreadFrom(seq)
  }

  /** Resolves once the message is in the outbox, from where it is sent. */
  async send(text: string) {
    this.#history.forgetUnread()
    this.#typingSentAt = 0
    this.drafts.forget()
    await this.#client.outbox.addMessage(this.id, text)
    this.#noteSent()
  }

  /** Sends what is picked as one message. Resolves once it is in the outbox. A second press finds nothing picked any more. */
  async sendFiles({ send }: AttachPart, caption: string) {
    const { picked } = this
    if (!picked.length) return caption.trim() ? this.send(caption) : undefined
    this.drafts.forget()
    await send(this.#client.outbox, this.id, caption, picked)
    this.picked = this.picked.filter((file) => !picked.includes(file))
    this.#noteSent()
  }

  /** Resolves once `put` has brought a voice message into the outbox. */
  async sendVoice(put: () => Promise<void>) {
    this.drafts.forget()
    await put()
    this.#noteSent()
  }

  resend(clientId: ClientId) {
    return this.#client.outbox.resend(clientId)
  }

  cancel(clientId: ClientId) {
    return this.#client.outbox.cancel(clientId)
  }

  /** Nobody waits for the history: it may have to be fetched, and the field has to be free for the next text. */
  #noteSent() {
    this.sent += 1
    if (!this.view.attached) void this.jumpToLatest().catch(() => undefined)
  }

  handleTyping(text: string) {
    this.drafts.write(text)
    const now = Date.now()
    if ((this.chat?.row.memberCount ?? 0) > limits.typingUpTo) return
    if (!text.trim() || now - this.#typingSentAt < TYPING_EVERY_MS || this.#live.status !== 'online') return
    this.#typingSentAt = now
    this.#client.api.typing(this.id).catch(() => undefined)
  }
}

/**
 * Called while a component is set up. The conversation lives as long as the component. `takeMessage` gives the `seq` of the
 * message at which it opens, and is asked again when what it reads changes.
 */
export function openConversation(
  live: Live,
  client: LiveClient,
  chats: Chats,
  id: ChatId,
  takeMessage: () => number | null = () => null,
): Conversation {
  const conversation = new Conversation(live, client, chats, id)
  chats.want(id)
  // A link may lead to a chat that this device does not hold: whether it exists is known only when the client is online.
  const mayOpen = $derived(conversation.chat !== undefined || live.status === 'online')
  $effect(() => {
    if (!mayOpen) return
    const seq = takeMessage()
    if (seq === null) conversation.openOnce()
    else void conversation.open({ seq })
  })
  $effect(() => {
    if (live.status === 'online') conversation.retry()
  })
  $effect(() => () => void conversation.close())
  return conversation
}
