import { setTimeout as sleep } from 'node:timers/promises'
import type { ChatId, ScopeId, UserId } from '@veche/shared/ids'
import type { Presence } from '@veche/shared/live'
import { sql } from 'kysely'
import type { BaseDeps } from '../deps.ts'
import { ownRedisPrefix } from '../env.ts'
import { isoOrNull } from '../platform/clock.ts'
import { isCurrentMember } from '../platform/scopes/members.ts'
import type { LiveStream } from './LiveStream.ts'

const keySeconds = 75
/** The presence of this many people is sent in one batch, and then comes a pause: a crowd that comes back must not flood those who are told. */
const batchSize = 5
const pauseMs = 200

/**
 * Who is online. Redis has a key of about a minute for each person, and a signal tells of a change. Both may be lost, so neither is
 * trusted for long. `seen_at` is the only thing that is kept, and is written at most once a minute.
 */
export class PresenceTracker {
  readonly refreshMs = 30_000
  readonly #deps: BaseDeps
  readonly #streamsOf: Map<UserId, Set<LiveStream>>
  /** Who came online (true) or went offline since this was last sent, in that order. */
  readonly #news = new Map<UserId, boolean>()
  #sending = false
  #closed = false

  constructor(deps: BaseDeps, streamsOf: Map<UserId, Set<LiveStream>>) {
    this.#deps = deps
    this.#streamsOf = streamsOf
  }

  setOnline(userId: UserId): void {
    this.#addNews(userId, true)
  }

  setOffline(userId: UserId): void {
    this.#addNews(userId, false)
  }

  /** Another process saw the last tab there close; this one may have one more. */
  correct(userId: UserId, online: boolean): void {
    if (!online && this.#streamsOf.has(userId)) this.setOnline(userId)
  }

  /** A process that stops tells of nobody that they are offline: their clients reconnect to another one. */
  close(): void {
    this.#closed = true
    this.#news.clear()
  }

  /** People whose news is not sent yet are left out: with their key set they would count as known, and no signal would be sent. */
  async refresh(): Promise<void> {
    const userIds = [...this.#streamsOf.keys()].filter((userId) => !this.#news.has(userId))
    await this.#setKeys(userIds)
    await this.#writeSeenAt(userIds)
  }

  async of(userIds: UserId[]): Promise<Presence[]> {
    const keys = await this.#deps.redis
      .mget(userIds.map((userId) => this.#keyOf(userId)))
      .catch(() => userIds.map(() => null))
    const query = this.#deps.polls.selectFrom('users').select(['id', 'seen_at'])
    const rows = await query.where('id', 'in', userIds).where('disabled_at', 'is', null).execute()
    return rows.map(({ id, seen_at }) => {
      const online = this.#streamsOf.has(id) || keys[userIds.indexOf(id)] !== null
      return { userId: id, online, seenAt: isoOrNull(seen_at) }
    })
  }

  #keyOf(userId: ScopeId): string {
    return `${ownRedisPrefix(this.#deps.env)}:online:${userId}`
  }

  #addNews(userId: UserId, online: boolean): void {
    if (this.#closed) return
    this.#news.delete(userId)
    this.#news.set(userId, online)
    if (!this.#sending) void this.#sendAll()
  }

  async #sendAll(): Promise<void> {
    this.#sending = true
    while (this.#news.size > 0) {
      const batch = [...this.#news].slice(0, batchSize)
      for (const [userId] of batch) this.#news.delete(userId)
      await this.#sendBatch(batch).catch((error: unknown) =>
        this.#deps.log.debug({ err: error }, 'presence could not be sent'),
      )
      await sleep(pauseMs, undefined, { ref: false })
    }
    this.#sending = false
  }

  async #sendBatch(news: [UserId, boolean][]): Promise<void> {
    const came = news.filter(([, online]) => online).map(([userId]) => userId)
    const went = news.filter(([, online]) => !online).map(([userId]) => userId)
    const wereOnline = await this.#setKeys(came)
    for (const userId of went) this.#deps.redis.del(this.#keyOf(userId)).catch(() => undefined)
    await this.#writeSeenAt(went)
    await this.#sendSignals([...came.filter((_, index) => !wereOnline[index]), ...went], new Set(came))
  }

  /** Answers for each person whether they were online before, for example before the restart of a process. Then nobody has to be told. */
  async #setKeys(userIds: UserId[]): Promise<boolean[]> {
    if (userIds.length === 0) return []
    const batch = this.#deps.redis.pipeline()
    for (const userId of userIds) batch.set(this.#keyOf(userId), '1', 'EX', keySeconds, 'GET')
    const before = await batch.exec().catch(() => null)
    return userIds.map((_, index) => before?.[index]?.[1] === '1')
  }

  async #writeSeenAt(userIds: UserId[]): Promise<void> {
    if (userIds.length === 0) return
    await sql`update users set seen_at = veche_now() where id = any(${userIds}::uuid[])
      and (seen_at is null or seen_at < veche_now() - interval '1 minute')`
      .execute(this.#deps.polls)
      .catch(() => undefined)
  }

  /** For those who share one of the person's newest chats; the others ask when they show the person. */
  async #sendSignals(userIds: UserId[], online: Set<UserId>): Promise<void> {
    if (userIds.length === 0) return
    const { rows } = await sql<{ userId: UserId; chatIds: ChatId[] }>`
      select u.id as "userId", array(
        select m.chat_id from members m where m.user_id = u.id and ${isCurrentMember('m')}
        order by m.joined_at desc limit 200) as "chatIds"
      from unnest(${userIds}::uuid[]) u (id)`.execute(this.#deps.polls)
    const now = new Date(this.#deps.clock.now()).toISOString()
    for (const { userId, chatIds } of rows) {
      const isOnline = online.has(userId)
      const signal = { kind: 'presence' as const, userId, online: isOnline, seenAt: isOnline ? null : now }
      this.#deps.hints.tell({ signal: { signal, chatIds, userIds: [], except: userId } })
    }
  }
}
