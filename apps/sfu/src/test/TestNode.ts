import { randomBytes } from 'node:crypto'
import type { TicketClaims } from '@veche/shared/ticket'
import { pino } from 'pino'
import { systemClock, type Clock } from '../clock.ts'
import type { Deps } from '../deps.ts'
import { readEnv } from '../env.ts'
import { type House, openHouse } from '../running-node.ts'
import type { MediaWorker } from '../media/MediaWorker.ts'
import { createMetrics } from '../metrics.ts'
import { Api, newClaims, sign } from './TestApi.ts'
import { ManualClock } from './ManualClock.ts'
import { Visitor } from './TestClient.ts'

export type TestHouse = Omit<House, 'close'> & {
  close: (how?: { keepVisitors: boolean }) => Promise<void>
  api: Api
  deps: Deps
  ticket: (some?: Partial<TicketClaims>) => Promise<string>
  visitor: () => Visitor
  /** So long goes by on a clock that is moved by hand, and the media workers have answered what they were asked in it. */
  pass: (ms: number) => Promise<void>
  url: string
}

export function newEnv(some: Record<string, string> = {}) {
  return readEnv({
    SFU_KEY: randomBytes(32).toString('hex'),
    SFU_PORT: '0',
    MEDIA_HOST: '127.0.0.1',
    MEDIA_PORT: '0',
    SFU_WORKERS: '1',
    LOG_LEVEL: 'silent',
    MEDIASOUP_WORKER_BIN: process.env['MEDIASOUP_WORKER_BIN'] ?? '',
    ...some,
  })
}

export function newDeps(some: Record<string, string> = {}, clock: Clock = systemClock): Deps {
  const env = newEnv(some)
  return { env, log: pino({ level: env.LOG_LEVEL }), metrics: createMetrics(), clock }
}

/** A whole node on ports of its own, with an API that it has heard of. */
export async function newHouse(given: { env?: Record<string, string>; clock?: Clock } = {}): Promise<TestHouse> {
  const key = randomBytes(32).toString('hex')
  const api = await new Api(key).listen()
  const deps = newDeps({ SFU_KEY: key, API_CONTROL_URL: api.url, ...given.env }, given.clock)
  const house = await openHouse(deps)
  while (!house.node.tickets.ready) await new Promise((resolve) => setImmediate(resolve))
  const visitors: Visitor[] = []
  const url = `ws://127.0.0.1:${house.ports.signalling}`
  return {
    ...house,
    api,
    deps,
    url,
    ticket: (some) => {
      // By the API's clock, as the node knows it: a test may have moved the node's.
      const iat = Math.floor(house.node.tickets.now / 1000)
      return sign(newClaims(house.node, { iat, exp: iat + 60, ...some }), api.signers[0]!)
    },
    pass: async (ms) => {
      if (!(deps.clock instanceof ManualClock)) throw new Error('time passes by itself')
      for (let left = ms; left > 0; left -= 1_000) {
        deps.clock.advance(Math.min(left, 1_000))
        await Promise.all(house.node.workers.map(answer))
      }
    },
    visitor: () => {
      const visitor = new Visitor(url)
      visitors.push(visitor)
      return visitor
    },
    close: async ({ keepVisitors } = { keepVisitors: false }) => {
      if (!keepVisitors) for (const visitor of visitors) visitor.close()
      await house.close()
      for (const visitor of visitors) visitor.close()
      api.close()
    },
  }
}

/** They answer one question after the other. */
export async function answer(worker: MediaWorker): Promise<void> {
  const { router } = await worker.createRouter([])
  router.close()
}
