import type { ChatId } from '@veche/shared/ids'
import type { MessageRow } from '@veche/shared/rows/rows'
import { appError, type AppError } from '#lib/api/error.ts'
import type { LiveClient } from '#lib/live/LiveClient.ts'
import type { Changes } from '#lib/store/changes.ts'
import type { MessageCommand } from '#lib/store/commands.ts'
import { noteVisit } from '#lib/store/visits.ts'
import type { Anchor, OpenedAt } from './anchor.ts'
import { HeldHistory, type HistoryStart } from './HeldHistory.ts'
import { HistoryRun, type HistorySide } from './HistoryRun.ts'
import { StoppedAt } from './StoppedAt.ts'

export type HistoryView = {
  state: 'opening' | 'open' | 'failed' | 'gone'
  rows: MessageRow[]
  pending: MessageCommand[]
  older: HistorySide
  newer: HistorySide
  /** The newest message is shown, and newer ones follow by themselves. */
  attached: boolean
  /** How many times the list was shown from scratch. A page that is added to it later does not count. */
  openings: number
  /** The `seq` at which the messages begin that were unread when the history was opened; null when there were none. */
  firstUnread: number | null
  openedAt: OpenedAt | null
  error: AppError | null
}

export const emptyHistory: Readonly<HistoryView> = {
  state: 'opening',
  rows: [],
  pending: [],
  older: 'more',
  newer: 'more',
  attached: false,
  openings: 0,
  firstUnread: null,
  openedAt: null,
  error: null,
}

/**
 * The part of a chat's history that is shown. Each opening makes a run of messages, which grows on both sides and follows the store.
 * `onChange` gets the whole view, never a half-made one.
 */
export class History {
  view: Readonly<HistoryView> = emptyHistory
  readonly chatId: ChatId
  readonly #client: LiveClient
  readonly #held: HeldHistory
  readonly #stoppedAt: StoppedAt
  readonly #onChange: (view: HistoryView) => void
  readonly #unsubscribe: () => void
  #run: HistoryRun | undefined
  #anchor: Anchor = 'unread'
  /** The number of the latest opening. An answer that belongs to an earlier one is dropped. */
  #opening = 0

  constructor(client: LiveClient, chatId: ChatId, onChange: (view: HistoryView) => void) {
    this.#client = client
    this.chatId = chatId
    this.#held = new HeldHistory(client, chatId)
    this.#stoppedAt = new StoppedAt(client, chatId)
    this.#onChange = onChange
    this.#unsubscribe = client.store.on('changed', (changes) => void this.#follow(changes))
    client.historyPages.shown.add(this)
    // If it is not noted, history is only fetched again sooner.
    void noteVisit(client.store, { chatId, at: client.environment.now() }).catch(() => undefined)
  }

  close(): void {
    this.#opening += 1
    this.#run = undefined
    this.#unsubscribe()
    this.#client.historyPages.shown.delete(this)
    void this.#stoppedAt.store()
  }

  async open(anchor: Anchor = 'unread'): Promise<void> {
    const opening = ++this.#opening
    this.#anchor = anchor
    try {
      const start = await this.#held.start(anchor, this.#stoppedAt)
      if (opening !== this.#opening) return
      if (!start) return this.#publish({ state: 'gone' })
      await this.#show(opening, start)
      // What is held is shown at once. The page that makes it long enough comes above it.
      if (start.isShort && opening === this.#opening) await this.loadOlder()
    } catch (thrown) {
      if (opening !== this.#opening) return
      const error = appError(thrown)
      this.#publish({ error, state: error.code === 'chat.not_found' ? 'gone' : 'failed' })
    }
  }

  /** A message came while nobody looked: the reader goes on there. */
  markUnreadFrom(seq: number): void {
    this.#publish({ firstUnread: this.view.firstUnread ?? seq })
  }

  /** The reader has gone to the newest message, so nothing divides the read messages from the others any more. */
  forgetUnread(): void {
    this.#publish({ firstUnread: null })
  }

  async loadOlder(): Promise<void> {
    await this.#grow('older', async (run) => await run.growOlderTo(await this.#held.reachOlder(run.from)))
  }

  async loadNewer(): Promise<void> {
    await this.#grow('newer', async (run) => await run.growNewerTo(await this.#held.reachNewer(run.to)))
  }

  /** The reader sees the message with this number; what is far from it leaves memory. */
  moveReader(seq: number, isAtEnd: boolean): void {
    this.#stoppedAt.moveTo(isAtEnd ? null : seq)
    if (this.view.state === 'open' && this.#run?.dropFarFrom(seq)) this.#publishRun(this.#run)
  }

  /** Tries again what could not be fetched. */
  retry(): void {
    if (this.view.state === 'failed') void this.open(this.#anchor)
    if (this.view.older === 'failed') void this.loadOlder()
    if (this.view.newer === 'failed') void this.loadNewer()
  }

  async #grow(side: 'older' | 'newer', grow: (run: HistoryRun) => Promise<boolean>): Promise<void> {
    const run = this.#run
    if (!run || !this.#isShown(run) || !run.mayGrow(side)) return
    run[side] = 'loading'
    this.#publishRun(run)
    try {
      const isHeld = await grow(run)
      if (this.#isShown(run)) this.#publishRun(run, isHeld)
    } catch (thrown) {
      run[side] = 'failed'
      if (this.#isShown(run)) this.#publish({ [side]: 'failed', error: appError(thrown) })
    }
  }

  /** Shows the list from scratch. */
  async #show(opening: number, { range, openedAt, firstUnread }: HistoryStart): Promise<void> {
    const run = new HistoryRun(this.#client.store, this.chatId, range)
    this.#run = run
    const isHeld = await run.open()
    if (opening !== this.#opening) return
    const { openings, firstUnread: before } = this.view
    this.view = { ...this.view, openings: openings + 1, openedAt, firstUnread: before ?? firstUnread }
    this.#publishRun(run, isHeld)
  }

  /** The store has changed: shows what concerns this chat. */
  async #follow(changes: Changes): Promise<void> {
    if (this.view.state === 'opening') return
    const messages = changes.messages.get(this.chatId)
    if (messages === 'all') return await this.#openAgain()
    // A draft, a read mark or a position changes the chat, and nothing of its history.
    if (!messages && !(changes.outbox && changes.chats.has(this.chatId))) return
    const run = this.#run
    if (!run || !this.#isShown(run)) return
    const isHeld = await run.readAgain(messages ?? [])
    if (this.#isShown(run)) this.#publishRun(run, isHeld)
  }

  /** All messages of the chat were replaced, or the person was removed. */
  async #openAgain(): Promise<void> {
    const scope = await this.#client.store.read((tx) => tx.get('scopes', this.chatId), ['scopes'])
    if (!scope && this.view.state === 'open') return this.#publish({ state: 'gone', rows: [], pending: [] })
    // What it follows from here on belongs to another run.
    this.#run?.detach()
    await this.open(this.view.state === 'failed' ? this.#anchor : 'unread')
  }

  #isShown(run: HistoryRun): boolean {
    return run === this.#run && this.view.state === 'open'
  }

  #publishRun(run: HistoryRun, isHeld = true): void {
    if (!isHeld) return this.#publish({ state: 'gone' })
    const { rows, pending, older, newer } = run
    const isLoading = older === 'loading' || newer === 'loading'
    const error = isLoading ? this.view.error : null
    this.#publish({ state: 'open', rows, pending, older, newer, attached: newer === 'end', error })
  }

  #publish(change: Partial<HistoryView>): void {
    this.view = { ...this.view, ...change }
    this.#onChange(this.view)
  }
}
