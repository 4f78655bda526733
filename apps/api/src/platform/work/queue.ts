import { Queue as BullQueue, type ConnectionOptions } from 'bullmq'
import type { Env } from '../../env.ts'
import type { Logger } from '../logger.ts'
import { redisCloseMs, waitAtMost } from './timeout.ts'

/** Every kind of work there is. Each has a due table: the row is the record, and the queue a nudge. */
export const workNames = ['mail.send', 'file.preview', 'file.media', 'file.rendition'] as const
export type WorkName = (typeof workNames)[number]

/** The id of a work row. Organisations share the queue: a nudge says whose it is. */
export type Nudge = { organisation: string; id: unknown }

export class Queue {
  readonly #organisation: string
  readonly #queues = new Map<WorkName, BullQueue>()
  readonly #log: Logger

  constructor(env: Env, log: Logger) {
    this.#log = log
    this.#organisation = env.ORGANISATION
    for (const name of workNames) {
      const queue = new BullQueue(name, {
        connection: bullConnection(env, { blocking: false }),
        prefix: env.REDIS_PREFIX,
      })
      queue.on('error', () => undefined)
      this.#queues.set(name, queue)
    }
  }

  /** Never waits and never fails: the sweep finds work whose nudge was lost. */
  nudge(name: WorkName, id: string): void {
    const nudge: Nudge = { organisation: this.#organisation, id }
    const options = {
      deduplication: { id: `${this.#organisation}/${id}`, keepLastIfActive: true },
      removeOnComplete: true,
      removeOnFail: true,
      attempts: 1,
    }
    this.#queues
      .get(name)
      ?.add(name, nudge, options)
      .catch((error: unknown) =>
        this.#log.debug({ err: error, name }, 'a nudge was lost; the sweep will find the work'),
      )
  }

  async close(): Promise<void> {
    await waitAtMost(redisCloseMs, Promise.all([...this.#queues.values()].map((queue) => queue.close())))
  }
}

export function bullConnection(env: Env, { blocking }: { blocking: boolean }): ConnectionOptions {
  const address = env.REDIS_URL.startsWith('/') ? { path: env.REDIS_URL } : redisAddress(env.REDIS_URL)
  return {
    ...address,
    maxRetriesPerRequest: blocking ? null : 1,
    enableOfflineQueue: blocking,
    retryStrategy: (times: number) => Math.min(times * 200, 2_000),
  }
}

function redisAddress(url: string) {
  const { hostname, port, username, password, pathname, protocol } = new URL(url)
  return {
    host: hostname,
    port: Number(port || 6379),
    ...(username ? { username: decodeURIComponent(username) } : {}),
    ...(password ? { password: decodeURIComponent(password) } : {}),
    db: Number(pathname.slice(1) || 0),
    ...(protocol === 'rediss:' ? { tls: {} } : {}),
  }
}
