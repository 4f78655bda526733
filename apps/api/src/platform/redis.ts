import { Redis } from 'ioredis'
import type { Logger } from './logger.ts'

/**
 * Redis is a hint: a command fails at once while it is away, and after half a second when it does not answer; none is queued. So
 * nothing of ours waits for it.
 */
export function connectRedis(url: string, log: Logger, overrides: { blocking?: boolean } = {}): Redis {
  const redis = new Redis(url, {
    lazyConnect: false,
    enableOfflineQueue: overrides.blocking ?? false,
    maxRetriesPerRequest: overrides.blocking ? null : 0,
    connectTimeout: 2_000,
    // Commands of one turn of the loop leave in one write.
    enableAutoPipelining: !overrides.blocking,
    ...(overrides.blocking ? {} : { commandTimeout: 500 }),
    retryStrategy: (times) => Math.min(100 * times, 1_000),
  })
  let away = false
  redis.on('error', (error: Error) => {
    if (!away) log.warn({ err: error }, 'Redis is away; everything goes on, more slowly')
    away = true
  })
  redis.on('ready', () => {
    if (away) log.info('Redis is back')
    away = false
  })
  return redis
}
