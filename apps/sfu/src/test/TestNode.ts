import { randomBytes } from 'node:crypto'
import { setTimeout } from 'node:timers/promises'
import type { TicketClaims } from '@veche/shared/ticket'
import { pino } from 'pino'
import { systemClock, type Clock } from '../clock.ts'
import type { Deps } from '../deps.ts'
import { readEnv } from '../env.ts'
import type { MediaWorker } from '../media/MediaWorker.ts'
import { createMetrics } from '../metrics.ts'
import { type RunningNode, startNode } from '../running-node.ts'
import { ManualClock } from './ManualClock.ts'
import { newClaims, sign, TestApi } from './TestApi.ts'
import { TestClient } from './TestClient.ts'

export type TestNode = Omit<RunningNode, 'close'> & {
  close: (options?: { keepClients: boolean }) => Promise<void>
  api: TestApi
  deps: Deps
  newTicket: (overrides?: Partial<TicketClaims>) => Promise<string>
  newClient: () => TestClient
  /** Moves the manual clock second by second. The media workers answer what was asked in each second. */
  pass: (ms: number) => Promise<void>
  url: string
}

function newEnv(overrides: Record<string, string> = {}) {
  return readEnv({
    SFU_KEY: randomBytes(32).toString('hex'),
    SFU_PORT: '0',
    MEDIA_HOST: '127.0.0.1',
    MEDIA_PORT: '0',
    SFU_WORKERS: '1',
    LOG_LEVEL: 'silent',
    MEDIASOUP_WORKER_BIN: process.env['MEDIASOUP_WORKER_BIN'] ?? '',
    ...overrides,
  })
}

export function newDeps(overrides: Record<string, string> = {}, clock: Clock = systemClock): Deps {
  const env = newEnv(overrides)
  return { env, log: pino({ level: env.LOG_LEVEL }), metrics: createMetrics(), clock }
}

/** A whole node on ports of its own, with a test API that has answered its first heartbeat. */
export async function newTestNode(given: { env?: Record<string, string>; clock?: Clock } = {}): Promise<TestNode> {
  const key = randomBytes(32).toString('hex')
  const api = await new TestApi(key).listen()
  const deps = newDeps({ SFU_KEY: key, API_CONTROL_URL: api.url, ...given.env }, given.clock)
  const running = await startNode(deps)
  while (!running.node.tickets.ready) await setTimeout(5)
  const clients: TestClient[] = []
  const closeClients = () => {
    for (const client of clients) client.close()
  }
  const url = `ws://127.0.0.1:${running.ports.signalling}`
  return {
    ...running,
    api,
    deps,
    url,
    newTicket: (overrides) => {
      // By the API's clock, as the node knows it, because a test may have moved the node's clock.
      const iat = Math.floor(running.node.tickets.now / 1000)
      return sign(newClaims(running.node, { iat, exp: iat + 60, ...overrides }), api.signers[0]!)
    },
    pass: (ms) => passTime(deps.clock, running.node.workers, ms),
    newClient: () => {
      const client = new TestClient(url)
      clients.push(client)
      return client
    },
    close: async ({ keepClients } = { keepClients: false }) => {
      if (!keepClients) closeClients()
      await running.close()
      closeClients()
      api.close()
    },
  }
}

async function passTime(clock: Clock, workers: MediaWorker[], ms: number): Promise<void> {
  if (!(clock instanceof ManualClock)) throw new Error('only a manual clock can be moved')
  for (let left = ms; left > 0; left -= 1_000) {
    clock.advance(Math.min(left, 1_000))
    await Promise.all(workers.map(waitForWorker))
  }
}

/** Resolves when a worker has answered everything that it was asked before: it answers one request after the other. */
export async function waitForWorker(worker: MediaWorker): Promise<void> {
  const { router } = await worker.createRouter([])
  router.close()
}
