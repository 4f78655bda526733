import type { ClientId, ChatId } from '@veche/shared/ids'
import type { AppError } from '#lib/api/error.ts'
import { readChat, type Chat } from '#lib/chats/chat.ts'
import type { Chats } from '#lib/chats/chats.svelte.ts'
import type { Live } from '#lib/live/live.svelte.ts'
import type { LiveClient } from '#lib/live/LiveClient.ts'
import { Drafts } from './composer/Drafts.ts'
import { History, type Side } from './history/History.ts'
import { toLines, type Line } from './history/message-items.ts'

const TYPING_EVERY_MS = 3_000

type Shown = 'state' | 'rows' | 'pending' | 'older' | 'newer' | 'attached' | 'openings'
type View = Pick<History, Shown> & { error: AppError | null }

/** One open chat: what of its history is on the screen, and what is done in it. */
export class Conversation {
  readonly id: ChatId
  readonly drafts: Drafts
  readonly #live: Live
  readonly #client: LiveClient
  readonly #chats: Chats
  readonly #history: History
  #view = $state.raw<View>(empty)
  /** The first message that was unread when one came here. */
  #divider = $state<number | null>(null)
  #typedAt = 0
  #begun = false

  constructor(live: Live, client: LiveClient, chats: Chats, id: ChatId) {
    this.id = id
    this.#live = live
    this.#client = client
    this.#chats = chats
    this.#history = new History(client, id, () => this.#look())
    this.drafts = new Drafts(client, id)
  }

  readonly #lines: Line[] = $derived.by(() => {
    const { rows, attached, pending } = this.#view
    return toLines(rows, attached ? pending : [], this.#live.me ?? '', this.#divider)
  })

  get lines(): Line[] {
    return this.#lines
  }

  get chat(): Chat | undefined {
    return this.#chats.get(this.id)
  }

  /** How often it was opened anew: the list on the screen begins anew as well. */
  get openings(): number {
    return this.#view.openings
  }

  get state(): History['state'] {
    return this.#view.state
  }

  get error(): AppError | null {
    return this.#view.error
  }

  get older(): Side {
    return this.#view.older
  }

  get newer(): Side {
    return this.#view.newer
  }

  /** The newest message is on the screen, or just below it. */
  get attached(): boolean {
    return this.#view.attached
  }

  /** Once the chat is held, or it is certain that it is not: a link may lead here before anything was ever fetched. */
  begin() {
    if (this.#begun) return
    this.#begun = true
    void this.open()
  }

  async open() {
    const { store } = this.#client
    const chat = await store.read((tx) => readChat(tx, store.userId, this.id))
    const unread = chat && chat.unread > 0 ? chat.readTo : undefined
    this.#divider = unread === undefined ? null : unread + 1
    await this.#history.open(unread)
    if (chat?.membership.unreadMark) await this.#chats.setMine(this.id, { unreadMark: false }).catch(() => undefined)
  }

  async close() {
    this.#history.close()
    await this.drafts.close()
  }

  loadOlder() {
    return this.#history.loadOlder()
  }

  loadNewer() {
    return this.#history.loadNewer()
  }

  retry() {
    this.#history.retry()
  }

  async jumpToLatest() {
    this.#divider = null
    if (this.attached) return
    await this.#history.open()
  }

  /** The newest message that a reader has before their eyes. */
  async seen(seq: number) {
    if (this.chat && seq > this.chat.readTo) await this.#client.reading.seen(this.id, seq)
  }

  /** A first message that comes while nobody looks is where the reader goes on. */
  awayAt(seq: number) {
    this.#divider ??= seq
  }

  async send(text: string) {
    this.#divider = null
    this.#typedAt = 0
    this.drafts.forget()
    await this.#client.outbox.add(this.id, text)
    if (!this.attached) await this.jumpToLatest()
  }

  resend(clientId: ClientId) {
    return this.#client.outbox.resend(clientId)
  }

  cancel(clientId: ClientId) {
    return this.#client.outbox.cancel(clientId)
  }

  typed(text: string) {
    this.drafts.write(text)
    const now = Date.now()
    if (!text.trim() || now - this.#typedAt < TYPING_EVERY_MS || this.#live.status !== 'online') return
    this.#typedAt = now
    this.#client.api.typing(this.id).catch(() => undefined)
  }

  #look() {
    const { state, rows, pending, older, newer, attached, openings, error } = this.#history
    this.#view = { state, rows, pending, older, newer, attached, openings, error }
  }
}

/** For as long as the component lives that is being set up. */
export function openConversation(live: Live, client: LiveClient, chats: Chats, id: ChatId): Conversation {
  const conversation = new Conversation(live, client, chats, id)
  $effect(() => {
    if (conversation.chat || live.status === 'online') conversation.begin()
  })
  // What could not be fetched offline is fetched when the server is back.
  $effect(() => {
    if (live.status === 'online') conversation.retry()
  })
  $effect(() => () => void conversation.close())
  return conversation
}

const empty: View = {
  state: 'opening',
  rows: [],
  pending: [],
  older: 'more',
  newer: 'more',
  attached: false,
  openings: 0,
  error: null,
}
