import type { ChatId } from '@veche/shared/ids'
import { chatStores, readChat } from '#lib/chats/chat.ts'
import type { LiveClient } from '#lib/live/LiveClient.ts'
import { readFirstVisibleSeq } from '#lib/store/visible-history.ts'
import { appError } from '#lib/api/error.ts'
import { rangeOf, type Range } from '#lib/store/ranges.ts'
import type { ChatScope } from '#lib/store/tables.ts'
import type { Anchor, OpenedAt } from './anchor.ts'
import type { StoppedAt } from './StoppedAt.ts'

const PAGE_SIZE = 50
/** How many messages are shown before the one at which the history opens. */
const SHOWN_BEFORE = 20

/** What an opening shows first. */
export type HistoryStart = {
  range: Range
  /** There is little before it, and more can be fetched. */
  isShort: boolean
  openedAt: OpenedAt | null
  /** The `seq` at which the unread messages begin. */
  firstUnread: number | null
}

/** Finds which part of a chat's history can be shown from what this device holds, and fetches what is missing of it. */
export class HeldHistory {
  readonly #client: LiveClient
  readonly #chatId: ChatId

  constructor(client: LiveClient, chatId: ChatId) {
    this.#client = client
    this.#chatId = chatId
  }

  /** Null when the person is not a member. */
  async start(anchor: Anchor, stoppedAt: StoppedAt): Promise<HistoryStart | null> {
    if (!(await this.#scope())) return null
    if (anchor === 'end') return await this.#startAtEnd()
    const firstUnread = await this.#unreadFrom()
    if (anchor !== 'unread') return await this.#startAtMessage(anchor.seq, firstUnread)
    const seq = await stoppedAt.read()
    // Messages that came meanwhile do not move a reader who stopped above them.
    const stopped = seq === null || seq >= (firstUnread ?? Infinity) ? null : await this.#startAtStop(seq, firstUnread)
    if (stopped) return stopped
    if (firstUnread === null) return await this.#startAtEnd()
    return await this.#startAround(firstUnread, { openedAt: null, firstUnread })
  }

  /** Fetches a page if it is not held, and answers the number from which the run can then begin. */
  async reachOlder(from: number): Promise<number> {
    if (!(await this.#holds(from - 1))) await this.#fetch({ before: from, limit: PAGE_SIZE })
    return await this.#oldestHeldBefore(from)
  }

  async reachNewer(to: number): Promise<number> {
    if (!(await this.#holds(to + 1))) await this.#fetch({ after: to, limit: PAGE_SIZE })
    return await this.#newestHeldAfter(to)
  }

  async #startAtMessage(asked: number, firstUnread: number | null): Promise<HistoryStart | null> {
    const nearest = await this.#nearestVisible(asked)
    // A wrong number beyond the newest message must not lead past the unread ones, which would mark them as read.
    const seq = nearest === null || nearest < asked ? 0 : nearest
    const opened = { openedAt: { seq, asked }, firstUnread }
    const start = seq || firstUnread
    if (start) return await this.#startAround(start, opened)
    const end = await this.#startAtEnd()
    return end && { ...end, ...opened }
  }

  /** Nobody asked for this message. So without a network, when this device has dropped it, the history opens as if nobody had stopped there. */
  async #startAtStop(stoppedAt: number, firstUnread: number | null): Promise<HistoryStart | null> {
    try {
      const seq = await this.#nearestVisible(stoppedAt)
      return seq === null ? null : await this.#startAround(seq, { openedAt: { seq, asked: null }, firstUnread })
    } catch (thrown) {
      if (!appError(thrown).network) throw thrown
      return null
    }
  }

  /** Null when the person is not a member. A chat that was joined a moment ago may still be on its way, so it is asked for. */
  async #scope(): Promise<ChatScope | null> {
    const { store, rowReceiver } = this.#client
    const read = () => store.read((tx) => tx.get('scopes', this.#chatId), ['scopes'])
    let scope = await read()
    if (!scope) {
      rowReceiver.requestScope(this.#chatId)
      await rowReceiver.whenIdle()
      scope = await read()
    }
    return scope?.kind === 'chat' ? scope : null
  }

  /** The first number that this person may see. */
  async #firstVisible(): Promise<number> {
    return await this.#client.store.read((tx) => readFirstVisibleSeq(tx, this.#chatId), ['memberships', 'chats'])
  }

  /** Where the unread messages begin, or null when all are read. */
  async #unreadFrom(): Promise<number | null> {
    const { store } = this.#client
    const chat = await store.read((tx) => readChat(tx, store.userId, this.#chatId), chatStores)
    return chat && chat.unread > 0 ? chat.readTo + 1 : null
  }

  /** The visible message nearest to this number; null when there is none. A message may exist of which this device has not heard yet. */
  async #nearestVisible(seq: number): Promise<number | null> {
    if (seq > ((await this.#scope())?.top ?? 0)) await this.#fetch({ after: seq - 1, limit: PAGE_SIZE })
    const [first, top] = [await this.#firstVisible(), (await this.#scope())?.top ?? 0]
    return top < first ? null : Math.min(Math.max(seq, first), top)
  }

  /** The newest messages that are held together, after a page is fetched if there are none. */
  async #startAtEnd(): Promise<HistoryStart | null> {
    const before = await this.#scope()
    if (!before) return null
    const held = rangeOf(before.ranges, before.top)
    if (!held && before.top > 0) await this.#fetch({ limit: PAGE_SIZE })
    const { ranges, top } = (await this.#scope()) ?? before
    const range = rangeOf(ranges, top)
    const from = range ? Math.max(range[0], top - PAGE_SIZE + 1) : top + 1
    const isShort = !held || (held[1] - held[0] < SHOWN_BEFORE && held[0] > (await this.#firstVisible()))
    return { range: [from, top], isShort, openedAt: null, firstUnread: null }
  }

  /** The messages around this one, or the first visible one, after what is missing of them is fetched. */
  async #startAround(seq: number, opened: Pick<HistoryStart, 'openedAt' | 'firstUnread'>): Promise<HistoryStart> {
    const firstVisible = await this.#firstVisible()
    const middle = Math.max(seq, firstVisible)
    if (!(await this.#holds(middle))) await this.#fetch({ after: middle - 1, limit: PAGE_SIZE })
    if (middle > firstVisible && !(await this.#holds(middle - 1))) {
      await this.#fetch({ before: middle, limit: SHOWN_BEFORE })
    }
    const from = Math.max(await this.#oldestHeldBefore(middle), middle - SHOWN_BEFORE)
    return { range: [from, await this.#newestHeldAfter(middle - 1)], isShort: false, ...opened }
  }

  async #holds(seq: number): Promise<boolean> {
    const scope = await this.#scope()
    return scope !== null && rangeOf(scope.ranges, seq) !== undefined
  }

  /** The lowest number, at most a page away, of what is held without a gap just below `seq`. */
  async #oldestHeldBefore(seq: number): Promise<number> {
    const scope = await this.#scope()
    const range = scope && rangeOf(scope.ranges, seq - 1)
    return range ? Math.max(range[0], seq - PAGE_SIZE) : seq
  }

  async #newestHeldAfter(seq: number): Promise<number> {
    const scope = await this.#scope()
    const range = scope && rangeOf(scope.ranges, seq + 1)
    return range ? Math.min(range[1], seq + PAGE_SIZE) : seq
  }

  async #fetch(page: { before?: number; after?: number; limit: number }): Promise<void> {
    await this.#client.historyPages.fetch({ chatId: this.#chatId, ...page })
  }
}
