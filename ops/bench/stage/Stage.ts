import { randomBytes } from 'node:crypto'
import { chmodSync, closeSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { migrate } from '@veche/db/migrate'
import { Pool } from 'pg'
import { checkout } from '../../cli/env.ts'
import { isAlive } from '../../cli/child.ts'
import { startPostgres, type Postgres } from '../../cli/parts/postgres.ts'
import { startRedis, type Redis } from '../../cli/parts/redis.ts'
import { Api } from './Api.ts'
import { freePorts } from './free-ports.ts'

export type StageOptions = {
  /** Processes that answer people. */
  apis: number
  /** A process for work of its own; without one the first API process does it, as on one machine. */
  worker: boolean
  /** The address in the browser, when it is not that of the first process. */
  publicUrl?: (ports: number[]) => string
  /** Ports beyond those of the processes, for what stands in front of them. */
  morePorts?: number
  env?: NodeJS.ProcessEnv
  /** Another checkout whose API is measured, for comparisons. */
  code?: string
}

const prefix = 'veche-bench-'
const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** An installation of its own, on a private folder: real Postgres with its data flushed to disk, real Redis, real processes. */
export class Stage {
  readonly folder: string
  readonly ports: number[]
  readonly apis: Api[] = []
  worker: Api | undefined
  postgres!: Postgres
  redis!: Redis
  /** For what nobody may do through the API. */
  pool!: Pool
  readonly #log: number
  readonly #interrupted = () => void this.close().finally(() => process.exit(130))

  static async open(options: StageOptions): Promise<Stage> {
    removeForgotten()
    const ports = await freePorts(options.apis + (options.morePorts ?? 0))
    const stage = new Stage(ports)
    try {
      await stage.#start(options)
      return stage
    } catch (error) {
      await stage.close()
      throw error
    }
  }

  private constructor(ports: number[]) {
    this.ports = ports
    this.folder = mkdtempSync(join(tmpdir(), `${prefix}${process.pid}-`))
    chmodSync(this.folder, 0o711)
    this.#log = openSync(join(this.folder, 'log'), 'a', 0o600)
    for (const signal of signals) process.once(signal, this.#interrupted)
  }

  /** What the processes said, for a run that failed. */
  get lastWords(): string {
    return readFileSync(join(this.folder, 'log'), 'utf8').split('\n').slice(-40).join('\n')
  }

  startPostgres(): Promise<Postgres> {
    return startPostgres({ dataDir: join(this.folder, 'postgres'), log: this.#log })
  }

  startRedis(): Promise<Redis> {
    return startRedis({ dir: join(this.folder, 'redis'), log: this.#log })
  }

  /** Nothing of what Redis knew comes back with it. */
  forgetRedis(): void {
    rmSync(join(this.folder, 'redis'), { recursive: true, force: true })
  }

  async close(): Promise<void> {
    for (const signal of signals) process.off(signal, this.#interrupted)
    await Promise.all(this.#processes.map((api) => api.stop()))
    await this.pool?.end().catch(() => undefined)
    await Promise.all([this.postgres?.stop(), this.redis?.stop()])
    closeSync(this.#log)
    rmSync(this.folder, { recursive: true, force: true })
  }

  get #processes(): Api[] {
    return this.worker ? [...this.apis, this.worker] : this.apis
  }

  async #start(options: StageOptions): Promise<void> {
    ;[this.postgres, this.redis] = await Promise.all([this.startPostgres(), this.startRedis()])
    await migrate(this.postgres.url)
    this.pool = new Pool({ connectionString: this.postgres.url, max: 4, connectionTimeoutMillis: 5_000 })
    this.pool.on('error', () => undefined)
    this.pool.on('connect', (client) => client.on('error', () => undefined))
    const env = this.#environment(options)
    const role = options.worker ? 'http' : 'both'
    const { code = checkout } = options
    for (const [at, port] of this.ports.slice(0, options.apis).entries()) {
      this.apis.push(new Api({ role: at === 0 ? role : 'http', port, env, log: this.#log, code }))
    }
    if (options.worker) this.worker = new Api({ role: 'worker', port: 0, env, log: this.#log, code })
    await Promise.all(this.#processes.map((api) => api.start()))
  }

  /** Whole by itself: no setting of the shell that calls us reaches it. */
  #environment({ publicUrl, env }: StageOptions): NodeJS.ProcessEnv {
    return {
      PATH: process.env['PATH'],
      HOME: process.env['HOME'],
      NODE_ENV: 'production',
      LOG_LEVEL: 'warn',
      HOST: '127.0.0.1',
      PUBLIC_URL: publicUrl?.(this.ports) ?? `http://127.0.0.1:${this.ports[0]}`,
      DATABASE_URL: this.postgres.url,
      REDIS_URL: this.redis.url,
      VECHE_DATA: this.folder,
      VECHE_SECRET: randomBytes(32).toString('base64url'),
      ...env,
    }
  }
}

/** A run that was killed could not clean up; what it started ended with it. */
function removeForgotten() {
  for (const name of readdirSync(tmpdir())) {
    const pid = Number(new RegExp(`^${prefix}(\\d+)-`).exec(name)?.[1])
    if (pid && !isAlive(pid)) rmSync(join(tmpdir(), name), { recursive: true, force: true })
  }
}
