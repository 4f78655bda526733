import type { MeetingId, ScopeId, UserId } from '@veche/shared/ids'
import { type RawBuilder, sql } from 'kysely'
import type { Tx } from '../ctx.ts'
import type { Deps } from '../deps.ts'
import { Semaphore } from '../platform/Semaphore.ts'
import { changeSeats, type SeatChange } from './seats.ts'
import { isCurrentMember } from '../platform/scopes/members.ts'

const every = 1_000
const hintsTogether = 100

/**
 * Whoever was removed from the chat, disabled or signed out loses their seat. A hint has their seats looked at; every second all of
 * them are, so that it takes no hint.
 */
export class SeatGuard {
  readonly #deps: Deps
  readonly #places = new Semaphore(4)
  readonly #hinted = new Set<ScopeId>()
  #unlisten: (() => void) | undefined
  #timer: NodeJS.Timeout | undefined
  #hints: NodeJS.Timeout | undefined
  #running = false

  constructor(deps: Deps) {
    this.#deps = deps
  }

  start(): void {
    this.#running = true
    this.#unlisten = this.#deps.hints.listen(({ hints = [], session }) => {
      for (const { scope, id } of hints) if (scope === 'user') this.#hear(id)
      if (session) this.#hear(session.userId)
    })
    void this.#go()
  }

  stop(): void {
    this.#running = false
    this.#unlisten?.()
    clearTimeout(this.#timer)
    clearTimeout(this.#hints)
  }

  /** Of these people, or of everybody. */
  async round(userIds?: ScopeId[]): Promise<void> {
    const where = userIds ? sql`s.user_id = any(${userIds}::uuid[])` : sql`true`
    const { rows } = await sql<{ meetingId: MeetingId; people: UserId[] }>`
      select meeting_id as "meetingId", array_agg(user_id) as people from (${seatsWithoutRight(where)}) found
      group by meeting_id`.execute(this.#deps.polls)
    // One that is locked for long keeps nobody else waiting.
    const change = ({ meetingId, people }: (typeof rows)[number]) =>
      changeSeats(this.#deps, meetingId, people, (tx) => stillWithoutRight(tx, meetingId))
    const atOnce = (row: (typeof rows)[number]) => this.#places.run(() => change(row))
    await Promise.all(rows.map((row) => atOnce(row).catch((error: unknown) => this.#failed(error))))
    if (!userIds) await this.#measure()
  }

  #hear(userId: ScopeId): void {
    this.#hinted.add(userId)
    this.#hints ??= setTimeout(() => void this.#look(), hintsTogether).unref()
  }

  async #look(): Promise<void> {
    const userIds = [...this.#hinted]
    this.#hinted.clear()
    this.#hints = undefined
    await this.round(userIds).catch((error: unknown) => this.#failed(error))
  }

  async #go(): Promise<void> {
    await this.round().catch((error: unknown) => this.#failed(error))
    if (this.#running) this.#timer = setTimeout(() => void this.#go(), every).unref()
  }

  async #measure(): Promise<void> {
    const { rows } = await seatCounts.execute(this.#deps.polls)
    const known = new Map(rows.map(({ state, n }) => [state, n]))
    for (const state of ['in', 'away']) this.#deps.metrics.seats.set({ state }, known.get(state) ?? 0)
  }

  #failed(error: unknown): void {
    this.#deps.log.debug({ err: error }, 'the seats could not be looked at; the next round comes')
  }
}

/** Of those that are taken, which have an index of their own: seats are kept for ever, and this is asked each second. */
export const seatCounts = sql<{ state: string; n: number }>`
  select state, count(*)::int as n from seats where state in ('in', 'away') group by state`

export function seatsWithoutRight(where: RawBuilder<unknown>) {
  return sql`
    select s.id, s.meeting_id, s.user_id from seats s join meetings m on m.id = s.meeting_id
    where s.state in ('in', 'away') and ${where} and not (
      exists (select from members x where x.chat_id = m.chat_id and x.user_id = s.user_id and ${isCurrentMember('x')})
      and exists (select from sessions x join users u on u.id = x.user_id where x.id = s.session_id
        and x.revoked_at is null and x.expires_at > veche_now() and u.disabled_at is null))`
}

async function stillWithoutRight(tx: Tx<Deps>, meetingId: MeetingId): Promise<SeatChange[]> {
  const { rows } = await sql<SeatChange>`
    select id as seat, user_id as "userId", 'removed' as state
    from (${seatsWithoutRight(sql`s.meeting_id = ${meetingId}`)}) found`.execute(tx.db)
  return rows
}
