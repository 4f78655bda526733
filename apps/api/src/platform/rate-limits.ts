import type { UserId } from '@veche/shared/ids'
import { limits } from '@veche/shared/limits'
import type { Redis } from 'ioredis'
import { RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible'
import { fail } from '../errors.ts'

/** How often a person may do something, or an address where nobody is signed in: `points` within `seconds`. */
const rules = {
  open: { points: 120, seconds: 60 },
  read: { points: 1200, seconds: 60 },
  // What the app fetches by itself: a point for each row, and some for each request. A device with 5,000 chats needs 30,000 of them.
  sync: { points: 200_000, seconds: 60 },
  change: { points: 240, seconds: 60 },
  send: { points: 900, seconds: 60 },
  // A piece of a file: eighty megabytes a second, and 40 small pictures.
  upload: { points: 600, seconds: 60 },
  // A chat full of pictures asks for fifty at once.
  download: { points: 3000, seconds: 60 },
  // Each costs a decoding. More of them would flood the history of a group.
  avatar: { points: 60, seconds: 600 },
  // The code of a meeting link has fifty bits; this keeps attackers from trying codes.
  link: { points: 60, seconds: 60 },
  // A tab that cannot reach its node asks for a new ticket every few seconds.
  join: { points: 90, seconds: 60 },
  signal: { points: 240, seconds: 60 },
  // People whom one person adds to groups: it keeps a stolen account from gathering everybody in groups of its own.
  addMembers: { points: limits.group.addedPerDay, seconds: 86_400 },
} as const

const SYNC_REQUEST_POINTS = 50

export type LimitName = keyof typeof rules

/** Counted in Redis for all processes together; while Redis is away each process counts for itself. */
export class RateLimits {
  readonly #limiters: Record<LimitName, RateLimiterRedis>

  constructor(redis: Redis, prefix: string) {
    const make = (name: LimitName) => {
      const { points, seconds: duration } = rules[name]
      const insuranceLimiter = new RateLimiterMemory({ points, duration })
      return new RateLimiterRedis({
        storeClient: redis,
        keyPrefix: `${prefix}:limit:${name}`,
        points,
        duration,
        insuranceLimiter,
      })
    }
    this.#limiters = {
      open: make('open'),
      read: make('read'),
      sync: make('sync'),
      change: make('change'),
      send: make('send'),
      signal: make('signal'),
      upload: make('upload'),
      download: make('download'),
      avatar: make('avatar'),
      link: make('link'),
      join: make('join'),
      addMembers: make('addMembers'),
    }
  }

  async take(name: LimitName, key: string): Promise<void> {
    const waitMs = await this.#consume(name, key, name === 'sync' ? SYNC_REQUEST_POINTS : 1)
    if (waitMs !== null) fail('request.too_many', { retryAfterSeconds: secondsOf(waitMs) })
  }

  /** Counts what a device names in its question: each thing costs something, whatever the answer is. */
  async takeSyncedNames(userId: UserId, names: number): Promise<void> {
    const waitMs = names > 0 ? await this.#consume('sync', userId, names) : null
    if (waitMs !== null) fail('request.too_many', { retryAfterSeconds: secondsOf(waitMs) })
  }

  /** Counts the rows of an answer. It is given even if they are too many; the next request then waits. */
  async countSyncedRows(userId: UserId, rows: number): Promise<void> {
    if (rows > 0) await this.#consume('sync', userId, rows)
  }

  /** Counts people whom this person adds to groups; all of them or, with an error, none. */
  async takeAddedMembers(userId: UserId, count: number): Promise<void> {
    if (count === 0) return
    const waitMs = await this.#consume('addMembers', userId, count)
    if (waitMs === null) return
    await this.#limiters.addMembers.reward(userId, count)
    fail('chat.too_many_added', { retryAfterSeconds: secondsOf(waitMs) })
  }

  async giveBackAddedMembers(userId: UserId, count: number): Promise<void> {
    if (count > 0) await this.#limiters.addMembers.reward(userId, count)
  }

  /** Null, or how long to wait when the limit is reached. */
  async #consume(name: LimitName, key: string, points: number): Promise<number | null> {
    try {
      await this.#limiters[name].consume(key, points)
      return null
    } catch (reached) {
      if (!(reached instanceof RateLimiterRes)) throw reached
      return reached.msBeforeNext
    }
  }
}

function secondsOf(waitMs: number): number {
  return Math.max(1, Math.ceil(waitMs / 1_000))
}
