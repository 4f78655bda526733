import type { Redis } from 'ioredis'
import { RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible'
import { fail } from '../errors.ts'

/** How often a person may do something, or an address where nobody is signed in: `points` within `seconds`. */
const rules = {
  open: { points: 120, seconds: 60 },
  read: { points: 1200, seconds: 60 },
  change: { points: 240, seconds: 60 },
  send: { points: 900, seconds: 60 },
  // The code of a meeting link has fifty bits; this keeps attackers from trying codes.
  link: { points: 60, seconds: 60 },
  // A tab that cannot reach its node asks for a new ticket every few seconds.
  join: { points: 90, seconds: 60 },
  signal: { points: 240, seconds: 60 },
} as const

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
      change: make('change'),
      send: make('send'),
      signal: make('signal'),
      link: make('link'),
      join: make('join'),
    }
  }

  async take(name: LimitName, key: string): Promise<void> {
    try {
      await this.#limiters[name].consume(key)
    } catch (reached) {
      if (!(reached instanceof RateLimiterRes)) throw reached
      fail('request.too_many', { retryAfterSeconds: Math.max(1, Math.ceil(reached.msBeforeNext / 1000)) })
    }
  }
}
