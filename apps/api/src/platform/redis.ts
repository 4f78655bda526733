import { Redis } from 'ioredis'
import type { Logger } from './logger.ts'

/**
 * Nothing waits for Redis: a command fails at once while it is away, and after half a second when it does not answer. `blocking` is for
 * the connection that only listens.
 */
export function connectRedis(url: string, log: Logger, { blocking = false }: { blocking?: boolean } = {}): Redis {
  const redis = new Redis(url, {
    lazyConnect: false,
    enableOfflineQueue: blocking,
    maxRetriesPerRequest: blocking ? null : 0,
    connectTimeout: 2_000,
    // Commands of one turn of the event loop leave in one write.
    enableAutoPipelining: !blocking,
    ...(blocking ? {} : { commandTimeout: 500 }),
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
