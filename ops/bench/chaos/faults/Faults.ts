import { setTimeout as wait } from 'node:timers/promises'
import { askRedis } from '../../../cli/parts/redis.ts'
import type { BenchInstallation } from '../../installation/BenchInstallation.ts'
import type { Device } from '../clients/Device.ts'
import type { Proxy } from './Proxy.ts'
import type { Random } from '../Random.ts'
import type { Outage, StormRecord } from '../record/record.ts'

type Fault = { name: string; everyMs: [from: number, to: number]; inject: () => Promise<void> }

export type FaultsOptions = {
  installation: BenchInstallation
  proxy: Proxy
  devices: Device[]
  random: Random
  record: StormRecord
  /** Below 1, faults come more often. */
  pace: number
}

/** Kills and freezes the servers at random times. Each kind of fault runs independently, so faults can coincide. */
export class Faults {
  readonly #options: FaultsOptions
  #over = false
  #redis = Promise.resolve()

  constructor(options: FaultsOptions) {
    this.#options = options
  }

  /** Runs until `stop`. Everything that was killed runs again when this resolves. */
  async run(): Promise<void> {
    await Promise.all(this.#kinds().map((fault) => this.#repeat(fault)))
  }

  stop(): void {
    this.#over = true
  }

  #kinds(): Fault[] {
    const { installation, proxy, devices, random } = this.#options
    const keepers = devices.filter((device) => device.keeps)
    return [
      { name: 'api killed', everyMs: [2_000, 8_000], inject: () => this.#killApi() },
      { name: 'worker killed', everyMs: [8_000, 16_000], inject: () => this.#killWorker() },
      { name: 'redis flushed', everyMs: [5_000, 12_000], inject: () => flush(installation) },
      { name: 'redis killed', everyMs: [9_000, 18_000], inject: () => this.#killRedis() },
      { name: 'redis frozen', everyMs: [12_000, 24_000], inject: () => this.#freezeRedis() },
      { name: 'postgres killed', everyMs: [14_000, 30_000], inject: () => this.#killPostgres() },
      { name: 'sockets cut', everyMs: [3_000, 7_000], inject: () => proxy.cutSockets(0.25, random.between(0, 1_500)) },
      { name: 'tab killed', everyMs: [2_500, 6_000], inject: async () => random.pick(keepers)?.killTab() },
    ]
  }

  async #repeat({ name, everyMs, inject }: Fault): Promise<void> {
    const { pace, record } = this.#options
    const random = this.#options.random.branch()
    for (;;) {
      await this.#pause(random.between(...everyMs) * pace)
      if (this.#over) return
      record.faults[name] = (record.faults[name] ?? 0) + 1
      await inject()
    }
  }

  /** Ends early when the storm ends. */
  async #pause(ms: number): Promise<void> {
    const end = Date.now() + ms
    while (!this.#over && Date.now() < end) await wait(Math.min(100, Math.max(1, end - Date.now())))
  }

  async #killApi(): Promise<void> {
    const { installation, random } = this.#options
    const api = random.pick(installation.apis)!
    await api.kill()
    await wait(random.between(0, 800))
    await api.start()
  }

  async #killWorker(): Promise<void> {
    const { worker } = this.#options.installation
    await worker?.kill()
    await worker?.start()
  }

  /** Redis is down for a while and empty afterwards. */
  #killRedis(): Promise<void> {
    const { installation, random } = this.#options
    return this.#withRedis(async () => {
      await installation.redis.child.stop(['SIGKILL'], 5_000)
      installation.forgetRedis()
      await wait(random.between(4_000, 6_000))
      installation.redis = await installation.startRedis()
    })
  }

  /** A frozen Redis is worse than a dead one: connections stay open without answers. */
  #freezeRedis(): Promise<void> {
    const { installation, random } = this.#options
    return this.#withRedis(async () => {
      const { pid } = installation.redis.child
      process.kill(pid, 'SIGSTOP')
      await wait(random.between(2_000, 4_000))
      process.kill(pid, 'SIGCONT')
    })
  }

  /** Injects one fault of Redis at a time, because a frozen process cannot be restarted. */
  #withRedis(inject: () => Promise<void>): Promise<void> {
    this.#redis = this.#redis.then(() => this.#during('redis', inject))
    return this.#redis
  }

  async #killPostgres(): Promise<void> {
    const { installation, random } = this.#options
    await this.#during('postgres', async () => {
      await installation.postgres.child.stop(['SIGKILL'], 5_000)
      await wait(random.between(0, 1_000))
      installation.postgres = await retry(() => installation.startPostgres())
    })
  }

  async #during(of: Outage['of'], work: () => Promise<void>): Promise<void> {
    const outage: Outage = { of, from: Date.now(), to: Infinity }
    this.#options.record.outages.push(outage)
    await work()
    outage.to = Date.now()
  }
}

/** A dead Redis has nothing to flush. */
async function flush(installation: BenchInstallation): Promise<void> {
  await askRedis(installation.redis.url, 'FLUSHALL').catch(() => undefined)
}

/** The backends of a killed server keep its shared memory for a moment, and until then the next server refuses to start. */
async function retry<T>(start: () => Promise<T>): Promise<T> {
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
