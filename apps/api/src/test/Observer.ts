import { DIRECTORY_SCOPE, type ScopeId, type UserId } from '@veche/shared/ids'
import type { ChangesFrame, LiveFrame, ScopeAnswer, SignalFrame } from '@veche/shared/live'
import type { Rows, RowTable, ScopeKind } from '@veche/shared/rows/rows'
import { expect, vi } from 'vitest'
import type { Deps } from '../deps.ts'
import { answerScope } from '../platform/scopes/answers.ts'
import type { LiveStream } from '../sync/LiveStream.ts'
import { contextFor } from './harness.ts'
import { waitUntilEnd, ReadSocket } from './ReadSocket.ts'
import { waitBounds } from './waiting.ts'

type Held = { scope: ScopeKind; rev: number; rows: Map<string, { rev: number }> }

/** A client that only syncs: it keeps rows by key, the larger revision wins, and it fetches when a frame leaves a gap. */
export class Observer {
  readonly held = new Map<ScopeId, Held>()
  readonly frames: ChangesFrame[] = []
  readonly signals: SignalFrame['signal'][] = []
  /** How many frames did not continue what was held. */
  gaps = 0
  over = false
  ended: Promise<void>
  readonly #deps: Deps
  readonly #userId: UserId
  readonly #stream: LiveStream
  /** Frames that come during the first fetch are taken after it: its answer may be older than they are. */
  #work: Promise<void>

  static async open(deps: Deps, who: { userId: UserId }): Promise<Observer> {
    const { actor } = await contextFor(deps, who)
    if (!actor) throw new Error('this person has no session')
    const socket = new ReadSocket()
    const stream = await deps.liveHub.open(actor, socket, { ip: '127.0.0.1', device: 'test' })
    const observer = new Observer(deps, who.userId, stream)
    socket.read = (frame) => {
      observer.#work = observer.#work.then(() => observer.#take(frame))
    }
    await observer.#work
    return observer
  }

  private constructor(deps: Deps, userId: UserId, stream: LiveStream) {
    this.#deps = deps
    this.#userId = userId
    this.#stream = stream
    this.#work = this.#fetchAll()
    this.ended = waitUntilEnd(stream).then(() => void (this.over = true))
  }

  rows<Table extends RowTable>(table: Table): NonNullable<Rows[Table]> {
    const all = [...this.held.values()].flatMap(({ rows }) => [...rows].filter(([key]) => key.startsWith(`${table}:`)))
    return all.map(([, row]) => row) as unknown as NonNullable<Rows[Table]>
  }

  /** Waits until it has everything that the database has. */
  async settled(): Promise<void> {
    await vi.waitFor(async () => {
      await this.#work
      const ids = [...this.held.keys()]
      const now = await this.#deps.polls.selectFrom('scopes').select(['id', 'rev']).where('id', 'in', ids).execute()
      for (const { id, rev } of now) expect({ id, rev: this.held.get(id)?.rev }).toEqual({ id, rev })
    }, waitBounds)
  }

  /** What it holds equals what a new client would fetch of it now; of a chat, as far back as a new client gets messages. */
  async expectEqualsFetch(): Promise<void> {
    await this.settled()
    for (const [id, held] of this.held) {
      const fresh = await this.#catchUp(id, { scope: held.scope, rev: 0, rows: new Map() })
      expect({ id, rows: sorted(from(firstSeq(fresh), held)) }).toEqual({ id, rows: sorted(fresh?.rows) })
    }
  }

  /** For actions that may end the session: either the stream ends, or it goes on and everything arrives. */
  async expectEqualsFetchOrEnded(): Promise<void> {
    await this.#deps.liveHub.checkSessions()
    await Promise.race([this.ended, this.settled()])
    if (!this.over) await this.expectEqualsFetch()
  }

  close(): void {
    this.#deps.liveHub.leave(this.#stream)
  }

  async #fetchAll(): Promise<void> {
    await this.#fetch('user', this.#userId)
    await this.#fetch('directory', DIRECTORY_SCOPE)
    for (const { chatId } of this.rows('memberships')) await this.#fetch('chat', chatId)
    for (const { meetingId } of this.rows('mySeats')) await this.#fetch('meeting', meetingId)
  }

  async #take(frame: LiveFrame): Promise<void> {
    if (frame.type === 'signal') return void this.signals.push(frame.signal)
    if (frame.type === 'hello') return
    this.frames.push(frame)
    const held = this.held.get(frame.id)
    if (!held) return
    if (held.rev < frame.from) {
      this.gaps += 1
      return this.#fetch(frame.scope, frame.id)
    }
    merge(held, frame.rows)
    held.rev = Math.max(held.rev, frame.rev)
    await this.#followMemberships(frame.rows)
  }

  async #followMemberships(rows: Rows): Promise<void> {
    for (const { chatId, leftAt } of rows.memberships ?? []) {
      if (leftAt) this.held.delete(chatId)
      else if (!this.held.has(chatId)) await this.#fetch('chat', chatId)
    }
    for (const seat of rows.mySeats ?? []) {
      if (isGone(seat)) this.held.delete(seat.meetingId)
      else if (!this.held.has(seat.meetingId)) await this.#fetch('meeting', seat.meetingId)
    }
  }

  async #fetch(scope: ScopeKind, id: ScopeId): Promise<void> {
    const held = await this.#catchUp(id, this.held.get(id) ?? { scope, rev: 0, rows: new Map() })
    if (held) this.held.set(id, held)
    else this.held.delete(id)
  }

  /** Fetches page after page; null when the scope is gone. */
  async #catchUp(id: ScopeId, held: Held): Promise<Held | null> {
    for (let more = true; more;) {
      const answer = await this.#ask(held.scope, id, held.rev)
      if (answer.gone) return null
      if (answer.reset) held.rows.clear()
      merge(held, answer.rows)
      held.rev = answer.rev
      more = answer.more
    }
    return held
  }

  #ask(scope: ScopeKind, id: ScopeId, since: number): Promise<ScopeAnswer> {
    return answerScope(this.#deps, this.#deps.db, { scope, id, since, viewer: this.#userId })
  }
}

type AnyRow = { rev: number } & Record<string, unknown>

function keyed(rows: Rows): Map<string, { rev: number }> {
  const entries = Object.entries(rows).flatMap(([table, list]) =>
    (list as AnyRow[]).map((row) => [keyOf(table, row), row] as const),
  )
  return new Map(entries.filter(([, row]) => !isGone(row)))
}

function keyOf(table: string, row: AnyRow): string {
  return `${table}:${String(row['seq'] ?? row['id'] ?? row['seatId'] ?? row['chatId'] ?? row['userId'])}`
}

/** A membership or seat that has ended tells the client to drop something; it is not kept. */
function isGone(row: object): boolean {
  const { leftAt, gone, state } = row as { leftAt?: string | null; gone?: boolean; state?: string }
  return Boolean(leftAt) || gone === true || state === 'left' || state === 'removed'
}

function merge(held: Held, rows: Rows): void {
  const byRow = keyed(rows)
  for (const [key, row] of byRow) if ((held.rows.get(key)?.rev ?? -1) < row.rev) held.rows.set(key, row)
  for (const [table, list] of Object.entries(rows))
    for (const row of list as AnyRow[]) if (isGone(row)) held.rows.delete(keyOf(table, row))
}

/** The oldest message of a scope, where there is one. */
function firstSeq(held: Held | null): number {
  return Math.min(...[...(held?.rows.values() ?? [])].map((row) => (row as AnyRow)['seq'] as number).filter(Boolean))
}

function from(first: number, { rows }: Held): Map<string, { rev: number }> {
  return new Map([...rows].filter(([, row]) => !('seq' in row) || (row.seq as number) >= first))
}

function sorted(rows: Map<string, { rev: number }> | undefined) {
  return rows && Object.fromEntries([...rows].sort(byKey))
}

function byKey([a]: [string, unknown], [b]: [string, unknown]): number {
  return a < b ? -1 : 1
}
