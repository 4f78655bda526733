import { DIRECTORY_SCOPE, type ChatId, type ScopeId, type UserId } from '@veche/shared/ids'
import type { ChangesFrame, ChatsPage, Positions, ScopeAnswer, StateAnswer, Unread } from '@veche/shared/live'
import type { Rows } from '@veche/shared/rows/rows'
import type { HistoryPage, HistoryQuery } from '../live/connection/live-api.ts'
import { FakeChats } from './FakeChats.ts'

/** A server in memory that answers and sends frames as the real one does. Every answer is one snapshot. */
export class FakeServer extends FakeChats {
  /** Small limits, so that tests get several pages and resets. */
  page = { newest: 5, rows: 8, gap: 30, stateRows: 10 }

  /** The rows that changed after `from`; null when this person may not see them. */
  frame(id: ScopeId, from: number, userId: UserId): ChangesFrame | null {
    if (id === DIRECTORY_SCOPE) {
      const people = [...this.people.values()].filter((row) => row.rev > from)
      return { type: 'changes', scope: 'directory', id, from, rev: this.directoryRev, rows: { people } }
    }
    if (this.userRevs.has(id as UserId)) {
      const rows = this.#userRows(userId, from)
      return { type: 'changes', scope: 'user', id, from, rev: this.rev(id), rows }
    }
    if (!this.isMember(id as ChatId, userId)) return null
    const rows = this.#chatRows(id as ChatId, userId, from)
    return { type: 'changes', scope: 'chat', id, from, rev: this.rev(id), rows }
  }

  scope(userId: UserId, id: ScopeId, since: number): ScopeAnswer {
    if (id === userId || id === DIRECTORY_SCOPE) return this.#plainAnswer(userId, id, since)
    const chat = this.chats.get(id as ChatId)
    if (!chat || !this.isMember(chat.row.id, userId)) {
      return { scope: 'chat', id, rev: 0, rows: {}, more: false, reset: false, gone: true }
    }
    const { sinceRev } = this.memberOf(chat.row.id, userId).row
    const known = { reset: false, gone: false, ...this.#unreadAndPositions(chat.row.id, userId) }
    if (since < sinceRev || chat.rev - since > this.page.gap || since > chat.rev) {
      const messages = this.visible(chat.row.id, userId).slice(-this.page.newest)
      return {
        scope: 'chat',
        id,
        rev: chat.rev,
        rows: { chats: [chat.row], messages },
        more: false,
        ...known,
        reset: true,
      }
    }
    return { scope: 'chat', id, ...known, ...this.#firstPage(this.#chatRows(chat.row.id, userId, since), chat.rev) }
  }

  state(userId: UserId, held: [ScopeId, number][]): StateAnswer {
    const asked = new Map<ScopeId, number>([[userId, 0], ...held])
    const changed = [...asked].filter(([id, rev]) => this.scope(userId, id, rev).gone || this.rev(id) !== rev)
    const scopes: ScopeAnswer[] = []
    const behind: StateAnswer['behind'] = []
    let rowsLeft = this.page.stateRows
    for (const [id, since] of changed) {
      const answer = this.scope(userId, id, since)
      if (rowsLeft > 0 || answer.gone) scopes.push(answer)
      else behind.push({ id, rev: this.rev(id) })
      rowsLeft -= 1 + (answer.rows.messages?.length ?? 0)
    }
    const mine = held.filter(([id]) => this.chats.has(id as ChatId) && this.isMember(id as ChatId, userId))
    const positions = mine.map(([id]) => ({
      chatId: id as ChatId,
      ...this.#unreadAndPositions(id as ChatId, userId).positions,
    }))
    return { now: this.now, scopes, behind, positions }
  }

  chatsPage(userId: UserId, cursor: string | null, limit: number): ChatsPage {
    const mine = [...this.chats.values()].filter(({ row }) => this.isMember(row.id, userId))
    const from = Number(cursor ?? 0)
    const chats = mine.slice(from, from + limit).map(({ row }) => {
      const answer = this.scope(userId, row.id, 0)
      const membership = this.chatOf(row.id).members.get(userId)!.row
      const messages = answer.rows.messages?.slice(-1) ?? []
      return { ...answer, rows: { ...answer.rows, messages, memberships: [membership] } }
    })
    const left = Math.max(0, mine.length - from - limit)
    return { chats, next: left > 0 ? String(from + limit) : null, left }
  }

  history(userId: UserId, { chatId, before, after, limit }: HistoryQuery): HistoryPage {
    const all = this.visible(chatId, userId)
    const within = all.filter(({ seq }) => seq < (before ?? Infinity) && seq > (after ?? 0))
    const forward = after !== undefined && before === undefined
    const messages = forward ? within.slice(0, limit) : within.slice(-limit)
    return { rev: this.rev(chatId), messages, more: within.length > messages.length }
  }

  #unreadAndPositions(id: ChatId, userId: UserId): { unread: Unread; positions: Positions } {
    const others = [...this.chatOf(id).members].filter(([other, { row }]) => other !== userId && row.leftAt === null)
    const read = Math.max(0, ...others.map(([, member]) => member.row.readSeq))
    const delivered = Math.max(0, ...others.map(([, member]) => Math.max(member.delivered, member.row.readSeq)))
    const direct = this.chatOf(id).row.kind === 'direct'
    return {
      unread: { unread: this.unread(id, userId), atRev: this.rev(id) },
      positions: { read, delivered: direct ? delivered : 0 },
    }
  }

  #plainAnswer(userId: UserId, id: ScopeId, since: number): ScopeAnswer {
    const scope = id === userId ? ('user' as const) : ('directory' as const)
    const rows =
      scope === 'user'
        ? this.#userRows(userId, since)
        : { people: [...this.people.values()].filter((row) => row.rev > since) }
    const stale = since > this.rev(id) || (scope === 'directory' && this.rev(id) - since > this.page.gap)
    if (!stale) return { scope, id, reset: false, gone: false, ...this.#firstPage(rows, this.rev(id)) }
    // Of the directory a device keeps those whom it has met, and fetches them by id.
    const all = scope === 'user' ? this.#userRows(userId, -1) : {}
    return { scope, id, rev: this.rev(id), rows: all, more: false, reset: true, gone: false }
  }

  /** The first rows, as many as fit. All rows of one revision are on the same page. */
  #firstPage(rows: Rows, scopeRev: number): { rev: number; rows: Rows; more: boolean } {
    const revs = [...new Set(Object.values(rows).flatMap((table) => table.map((row) => row.rev)))].sort((a, b) => a - b)
    const firstLeftOut = revs[this.page.rows]
    if (firstLeftOut === undefined) return { rev: scopeRev, rows, more: false }
    const kept = Object.entries(rows).map(([table, all]) => [table, all.filter((row) => row.rev < firstLeftOut)])
    return { rev: firstLeftOut - 1, rows: Object.fromEntries(kept) as Rows, more: true }
  }

  #userRows(userId: UserId, since: number): Rows {
    const memberships = this.membershipsOf(userId).filter((row) => row.rev > since)
    const listened = (this.listened.get(userId) ?? []).filter((row) => row.rev > since)
    return { memberships, ...(listened.length > 0 ? { listened } : {}) }
  }

  #chatRows(id: ChatId, userId: UserId, since: number): Rows {
    const { row } = this.chatOf(id)
    const messages = this.visible(id, userId).filter(({ rev }) => rev > since)
    return { ...(row.rev > since ? { chats: [row] } : {}), messages }
  }
}
