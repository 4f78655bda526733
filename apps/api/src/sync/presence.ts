import type { ScopeId, UserId } from '@veche/shared/ids'
import type { Presence as Known } from '@veche/shared/live'
import { sql } from 'kysely'
import type { BaseDeps } from '../deps.ts'
import { isoOrNull } from '../platform/clock.ts'
import type { Stream } from './stream.ts'

const lifetime = 75

/**
 * Who is here. A key of a minute in Redis for each person, and a signal when it changes: both may be lost, so neither is trusted
 * for long. `seen_at` is the only thing that is kept, and is written at most once a minute.
 */
export class Presence {
  readonly refreshEvery = 30_000
  readonly #deps: BaseDeps
  readonly #people: Map<UserId, Set<Stream>>

  constructor(deps: BaseDeps, people: Map<UserId, Set<Stream>>) {
    this.#deps = deps
    this.#people = people
  }

  came(userId: UserId): void {
    this.#mark([userId])
    void this.#tell(userId, true)
  }

  went(userId: UserId): void {
    this.#deps.redis.del(this.#key(userId)).catch(() => undefined)
    void this.#seen([userId]).then(() => this.#tell(userId, false))
  }

  /** Another node saw the last tab there go; here may be one more. */
  heard(userId: UserId, online: boolean): void {
    if (!online && this.#people.has(userId)) this.came(userId)
  }

  async refresh(): Promise<void> {
    const userIds = [...this.#people.keys()]
    this.#mark(userIds)
    await this.#seen(userIds)
  }

  async of(userIds: UserId[]): Promise<Known[]> {
    const elsewhere = await this.#deps.redis
      .mget(userIds.map((userId) => this.#key(userId)))
      .catch(() => userIds.map(() => null))
    const query = this.#deps.polls.selectFrom('users').select(['id', 'seen_at'])
    const rows = await query.where('id', 'in', userIds).where('disabled_at', 'is', null).execute()
    return rows.map(({ id, seen_at }) => {
      const online = this.#people.has(id) || elsewhere[userIds.indexOf(id)] !== null
      return { userId: id, online, seenAt: isoOrNull(seen_at) }
    })
  }

  #key(userId: ScopeId): string {
    return `${this.#deps.env.REDIS_PREFIX}:online:${userId}`
  }

  #mark(userIds: UserId[]): void {
    if (userIds.length === 0) return
    const batch = this.#deps.redis.pipeline()
    for (const userId of userIds) batch.set(this.#key(userId), '1', 'EX', lifetime)
    batch.exec().catch(() => undefined)
  }

  async #seen(userIds: UserId[]): Promise<void> {
    if (userIds.length === 0) return
    await sql`update users set seen_at = veche_now() where id = any(${userIds}::uuid[])
      and (seen_at is null or seen_at < veche_now() - interval '1 minute')`
      .execute(this.#deps.polls)
      .catch(() => undefined)
  }

  /** Told to those who share one of the person's newest dialogs; anyone else asks when they look. */
  async #tell(userId: UserId, online: boolean): Promise<void> {
    const query = this.#deps.polls
      .selectFrom('members')
      .select('dialog_id')
      .where('user_id', '=', userId)
      .where('left_at', 'is', null)
    const rows = await query
      .orderBy('joined_at', 'desc')
      .limit(200)
      .execute()
      .catch(() => [])
    const seenAt = online ? null : new Date(this.#deps.clock.now()).toISOString()
    const signal = { kind: 'presence' as const, userId, online, seenAt }
    this.#deps.hints.tell({
      signal: { signal, dialogIds: rows.map((row) => row.dialog_id), userIds: [], except: userId },
    })
  }
}
