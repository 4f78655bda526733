import { setTimeout as wait } from 'node:timers/promises'
import type { ChatId, ScopeId, UserId } from '@veche/shared/ids'
import type { Presence as Known } from '@veche/shared/live'
import { sql } from 'kysely'
import type { BaseDeps } from '../deps.ts'
import { isoOrNull } from '../platform/clock.ts'
import type { Stream } from './stream.ts'

const lifetime = 75
/** So many people are told about at once, and the next after a pause: a crowd that comes back together must not drown those it tells. */
const atOnce = 5
const pauseMs = 200

/**
 * Who is here. A key of a minute in Redis for each person, and a signal when it changes: both may be lost, so neither is trusted
 * for long. `seen_at` is the only thing that is kept, and is written at most once a minute.
 */
export class Presence {
  readonly refreshEvery = 30_000
  readonly #deps: BaseDeps
  readonly #people: Map<UserId, Set<Stream>>
  /** Who came (true) or went since it was last told, in that order. */
  readonly #news = new Map<UserId, boolean>()
  #telling = false
  #closed = false

  constructor(deps: BaseDeps, people: Map<UserId, Set<Stream>>) {
    this.#deps = deps
    this.#people = people
  }

  came(userId: UserId): void {
    this.#note(userId, true)
  }

  went(userId: UserId): void {
    this.#note(userId, false)
  }

  /** Another node saw the last tab there go; here may be one more. */
  heard(userId: UserId, online: boolean): void {
    if (!online && this.#people.has(userId)) this.came(userId)
  }

  /** A node that stops says of nobody that they went: they are on their way to another one. */
  close(): void {
    this.#closed = true
    this.#news.clear()
  }

  async refresh(): Promise<void> {
    const userIds = [...this.#people.keys()]
    await this.#mark(userIds)
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

  #note(userId: UserId, online: boolean): void {
    if (this.#closed) return
    this.#news.delete(userId)
    this.#news.set(userId, online)
    if (!this.#telling) void this.#tellAll()
  }

  async #tellAll(): Promise<void> {
    this.#telling = true
    while (this.#news.size > 0) {
      const batch = [...this.#news].slice(0, atOnce)
      for (const [userId] of batch) this.#news.delete(userId)
      await this.#tellSome(batch).catch((error: unknown) =>
        this.#deps.log.debug({ err: error }, 'presence was not told'),
      )
      await wait(pauseMs, undefined, { ref: false })
    }
    this.#telling = false
  }

  async #tellSome(news: [UserId, boolean][]): Promise<void> {
    const came = news.filter(([, online]) => online).map(([userId]) => userId)
    const went = news.filter(([, online]) => !online).map(([userId]) => userId)
    const known = await this.#mark(came)
    for (const userId of went) this.#deps.redis.del(this.#key(userId)).catch(() => undefined)
    await this.#seen(went)
    await this.#tell([...came.filter((_, at) => !known[at]), ...went], new Set(came))
  }

  /** Says of each whether they were known to be here: then this is no news, as after the restart of a node. */
  async #mark(userIds: UserId[]): Promise<boolean[]> {
    if (userIds.length === 0) return []
    const batch = this.#deps.redis.pipeline()
    for (const userId of userIds) batch.set(this.#key(userId), '1', 'EX', lifetime, 'GET')
    const before = await batch.exec().catch(() => null)
    return userIds.map((_, at) => before?.[at]?.[1] === '1')
  }

  async #seen(userIds: UserId[]): Promise<void> {
    if (userIds.length === 0) return
    await sql`update users set seen_at = veche_now() where id = any(${userIds}::uuid[])
      and (seen_at is null or seen_at < veche_now() - interval '1 minute')`
      .execute(this.#deps.polls)
      .catch(() => undefined)
  }

  /** Told to those who share one of the person's newest chats; anyone else asks when they look. */
  async #tell(userIds: UserId[], here: Set<UserId>): Promise<void> {
    if (userIds.length === 0) return
    const { rows } = await sql<{ userId: UserId; chatIds: ChatId[] }>`
      select u.id as "userId", array(
        select m.chat_id from members m where m.user_id = u.id and m.left_at is null order by m.joined_at desc limit 200) as "chatIds"
      from unnest(${userIds}::uuid[]) u (id)`.execute(this.#deps.polls)
    const now = new Date(this.#deps.clock.now()).toISOString()
    for (const { userId, chatIds } of rows) {
      const online = here.has(userId)
      const signal = { kind: 'presence' as const, userId, online, seenAt: online ? null : now }
      this.#deps.hints.tell({ signal: { signal, chatIds, userIds: [], except: userId } })
    }
  }
}
