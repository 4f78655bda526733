import { setTimeout as wait } from 'node:timers/promises'
import { askRedis } from '../../cli/parts/redis.ts'
import type { Stage } from '../stage/Stage.ts'
import type { Device } from './Device.ts'
import type { Proxy } from './Proxy.ts'
import type { Random } from './Random.ts'
import type { Outage, StormRecord } from './record.ts'

type Fault = { name: string; every: [from: number, to: number]; strike: () => Promise<void> }

export type FaultsOptions = {
  stage: Stage
  proxy: Proxy
  devices: Device[]
  random: Random
  record: StormRecord
  /** Shorter than 1: everything comes more often. */
  pace: number
}

/** Everything that dies, and when. Each kind goes its own way, so that they fall together as they like. */
export class Faults {
  readonly #options: FaultsOptions
  #over = false
  #redis = Promise.resolve()

  constructor(options: FaultsOptions) {
    this.#options = options
  }

  /** Until `stop`; whatever was killed last is back when it ends. */
  async run(): Promise<void> {
    await Promise.all(this.#kinds().map((fault) => this.#rain(fault)))
  }

  stop(): void {
    this.#over = true
  }

  #kinds(): Fault[] {
    const { stage, proxy, devices, random } = this.#options
    const keepers = devices.filter((device) => device.keeps)
    return [
      { name: 'api killed', every: [2_000, 8_000], strike: () => this.#killApi() },
      { name: 'worker killed', every: [8_000, 16_000], strike: () => this.#killWorker() },
      { name: 'redis flushed', every: [5_000, 12_000], strike: () => flush(stage) },
      { name: 'redis killed', every: [9_000, 18_000], strike: () => this.#killRedis() },
      { name: 'redis frozen', every: [12_000, 24_000], strike: () => this.#freezeRedis() },
      { name: 'postgres killed', every: [14_000, 30_000], strike: () => this.#killPostgres() },
      { name: 'sockets cut', every: [3_000, 7_000], strike: () => proxy.cutSockets(0.25, random.between(0, 1_500)) },
      { name: 'tab killed', every: [2_500, 6_000], strike: async () => random.pick(keepers)?.killTab() },
    ]
  }

  async #rain({ name, every, strike }: Fault): Promise<void> {
    const { pace, record } = this.#options
    const random = this.#options.random.branch()
    for (;;) {
      await this.#calm(random.between(...every) * pace)
      if (this.#over) return
      record.faults[name] = (record.faults[name] ?? 0) + 1
      await strike()
    }
  }

  /** Ends early when the storm does. */
  async #calm(ms: number): Promise<void> {
    const end = Date.now() + ms
    while (!this.#over && Date.now() < end) await wait(Math.min(100, Math.max(1, end - Date.now())))
  }

  async #killApi(): Promise<void> {
    const { stage, random } = this.#options
    const api = random.pick(stage.apis)!
    await api.kill()
    await wait(random.between(0, 800))
    await api.start()
  }

  async #killWorker(): Promise<void> {
    const { worker } = this.#options.stage
    await worker?.kill()
    await worker?.start()
  }

  /** Away for a while, and empty when it is back. */
  #killRedis(): Promise<void> {
    const { stage, random } = this.#options
    return this.#toRedis(async () => {
      await stage.redis.child.stop(['SIGKILL'], 5_000)
      stage.forgetRedis()
      await wait(random.between(4_000, 6_000))
      stage.redis = await stage.startRedis()
    })
  }

  /** Worse than away: its connections stand, and nobody answers. */
  #freezeRedis(): Promise<void> {
    const { stage, random } = this.#options
    return this.#toRedis(async () => {
      const { pid } = stage.redis.child
      process.kill(pid, 'SIGSTOP')
      await wait(random.between(2_000, 4_000))
      process.kill(pid, 'SIGCONT')
    })
  }

  /** One thing at a time: what is frozen cannot be killed and started anew. */
  #toRedis(strike: () => Promise<void>): Promise<void> {
    this.#redis = this.#redis.then(() => this.#during('redis', strike))
    return this.#redis
  }

  async #killPostgres(): Promise<void> {
    const { stage, random } = this.#options
    await this.#during('postgres', async () => {
      await stage.postgres.child.stop(['SIGKILL'], 5_000)
      await wait(random.between(0, 1_000))
      stage.postgres = await again(() => stage.startPostgres())
    })
  }

  async #during(of: Outage['of'], work: () => Promise<void>): Promise<void> {
    const outage: Outage = { of, from: Date.now(), to: Infinity }
    this.#options.record.outages.push(outage)
    await work()
    outage.to = Date.now()
  }
}

/** While it happens to be dead there is nothing to flush. */
async function flush(stage: Stage): Promise<void> {
  await askRedis(stage.redis.url, 'FLUSHALL').catch(() => undefined)
}

/** The backends of a killed server hold its memory for a moment, and the next one refuses to start beside them. */
async function again<T>(start: () => Promise<T>): Promise<T> {
  const end = Date.now() + 20_000
  for (;;) {
    try {
      return await start()
    } catch (error) {
      if (Date.now() > end) throw error
      await wait(100)
    }
  }
}
