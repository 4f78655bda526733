import type { MeetingId, ScopeId, UserId } from '@veche/shared/ids'
import { type RawBuilder, sql } from 'kysely'
import type { Tx } from '../../ctx.ts'
import type { Deps } from '../../deps.ts'
import { Semaphore } from '../../platform/Semaphore.ts'
import { takenSeat } from '../states.ts'
import { changeSeats, type SeatChange } from './seat-changes.ts'
import { isLiveSession } from '../../platform/live-sessions.ts'
import { isCurrentMember } from '../../platform/scopes/members.ts'

const roundMs = 1_000
const hintDelayMs = 100
const maxParallelMeetings = 4

/**
 * Removes the seats of people who have lost their right: removed from the chat, disabled or signed out. A hint about a person checks
 * their seats at once; every second all seats are checked, so that a lost hint does no harm.
 */
export class SeatGuard {
  readonly #deps: Deps
  readonly #slots = new Semaphore(maxParallelMeetings)
  readonly #hinted = new Set<ScopeId>()
  #unlisten: (() => void) | undefined
  #roundTimer: NodeJS.Timeout | undefined
  #hintTimer: NodeJS.Timeout | undefined
  #running = false

  constructor(deps: Deps) {
    this.#deps = deps
  }

  start(): void {
    this.#running = true
    this.#unlisten = this.#deps.hints.listen(({ hints = [], session }) => {
      for (const { scope, id } of hints) if (scope === 'user') this.#noteHint(id)
      if (session) this.#noteHint(session.userId)
    })
    void this.#repeat()
  }

  stop(): void {
    this.#running = false
    this.#unlisten?.()
    clearTimeout(this.#roundTimer)
    clearTimeout(this.#hintTimer)
  }

  /** Checks the seats of these people, or of all. */
  async round(userIds?: ScopeId[]): Promise<void> {
    const where = userIds ? sql`s.user_id = any(${userIds}::uuid[])` : sql`true`
    const { rows } = await sql<{ meetingId: MeetingId; people: UserId[] }>`
      select meeting_id as "meetingId", array_agg(user_id) as people from (${seatsWithoutRight(where)}) found
      group by meeting_id`.execute(this.#deps.polls)
    // Several meetings at a time: one that is locked for long must not delay the others.
    const removals = rows.map(({ meetingId, people }) => this.#slots.run(() => this.#remove(meetingId, people)))
    await Promise.all(removals)
    if (!userIds) await this.#measure()
  }

  #remove(meetingId: MeetingId, people: UserId[]): Promise<void> {
    const stillDue = (tx: Tx<Deps>) => removalsStillDue(tx, meetingId)
    return changeSeats(this.#deps, meetingId, people, stillDue).catch((error: unknown) => this.#noteFailure(error))
  }

  #noteHint(userId: ScopeId): void {
    this.#hinted.add(userId)
    this.#hintTimer ??= setTimeout(() => void this.#checkHinted(), hintDelayMs).unref()
  }

  async #checkHinted(): Promise<void> {
    const userIds = [...this.#hinted]
    this.#hinted.clear()
    this.#hintTimer = undefined
    await this.round(userIds).catch((error: unknown) => this.#noteFailure(error))
  }

  async #repeat(): Promise<void> {
    await this.round().catch((error: unknown) => this.#noteFailure(error))
    if (this.#running) this.#roundTimer = setTimeout(() => void this.#repeat(), roundMs).unref()
  }

  async #measure(): Promise<void> {
    const { rows } = await seatCounts.execute(this.#deps.polls)
    const counts = new Map(rows.map(({ state, n }) => [state, n]))
    for (const state of ['in', 'away']) this.#deps.metrics.seats.set({ state }, counts.get(state) ?? 0)
  }

  #noteFailure(error: unknown): void {
    this.#deps.log.debug({ err: error }, 'seats could not be checked; the next round tries again')
  }
}

/** It reads taken seats only, which have an index of their own: old seats are kept, and this runs every second. */
export const seatCounts = sql<{ state: string; n: number }>`
  select state, count(*)::int as n from seats where ${takenSeat()} group by state`

export function seatsWithoutRight(where: RawBuilder<unknown>) {
  return sql`
    select s.id, s.meeting_id, s.user_id from seats s join meetings m on m.id = s.meeting_id
    where ${takenSeat('s')} and ${where} and not (
      exists (select from members x where x.chat_id = m.chat_id and x.user_id = s.user_id and ${isCurrentMember('x')})
      and exists (select from sessions x join users u on u.id = x.user_id where x.id = s.session_id and ${isLiveSession('x', 'u')}))`
}

async function removalsStillDue(tx: Tx<Deps>, meetingId: MeetingId): Promise<SeatChange[]> {
  const { rows } = await sql<SeatChange>`
    select id as seat, user_id as "userId", 'removed' as state
    from (${seatsWithoutRight(sql`s.meeting_id = ${meetingId}`)}) found`.execute(tx.db)
  return rows
}
