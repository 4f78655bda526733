import { randomBytes } from 'node:crypto'
import { closeSync, openSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { migrate } from '@veche/db/migrate'
import { Pool } from 'pg'
import { checkout } from '../../cli/env.ts'
import { startPostgres, type Postgres } from '../../cli/parts/postgres.ts'
import { startRedis, type Redis } from '../../cli/parts/redis.ts'
import { Api } from './Api.ts'
import { makeBenchFolder } from './bench-folder.ts'
import { freePorts } from './free-ports.ts'

export type BenchInstallationOptions = {
  /** The number of API processes that serve requests. */
  apis: number
  /** True for a separate worker process; otherwise the first API process does its work. */
  worker: boolean
  /** The public address, when it differs from that of the first process. */
  publicUrl?: (ports: number[]) => string
  /** Additional ports, for a proxy in front of the processes. */
  morePorts?: number
  env?: NodeJS.ProcessEnv
  /** Another checkout whose API is measured, for comparison. */
  code?: string
}

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** A private installation: real Postgres that flushes to disk, real Redis, real processes. */
export class BenchInstallation {
  readonly folder: string
  readonly ports: number[]
  readonly apis: Api[] = []
  worker: Api | undefined
  postgres!: Postgres
  redis!: Redis
  /** For changes that the API does not offer. */
  pool!: Pool
  readonly #log: number
  #closing: Promise<void> | undefined
  readonly #interrupted = () => void this.close().finally(() => process.exit(130))

  static async open(options: BenchInstallationOptions): Promise<BenchInstallation> {
    const ports = await freePorts(options.apis + (options.morePorts ?? 0))
    const installation = new BenchInstallation(ports)
    try {
      await installation.#start(options)
      return installation
    } catch (error) {
      await installation.close()
      throw error
    }
  }

  private constructor(ports: number[]) {
    this.ports = ports
    this.folder = makeBenchFolder()
    this.#log = openSync(join(this.folder, 'log'), 'a', 0o600)
    for (const signal of signals) process.once(signal, this.#interrupted)
  }

  /** The output of the processes, for a failed run. */
  get lastLines(): string {
    return readFileSync(join(this.folder, 'log'), 'utf8').split('\n').slice(-40).join('\n')
  }

  startPostgres(): Promise<Postgres> {
    return startPostgres({ dataDir: join(this.folder, 'postgres'), log: this.#log })
  }

  startRedis(): Promise<Redis> {
    return startRedis({ dir: join(this.folder, 'redis'), log: this.#log })
  }

  /** Redis starts empty again. */
  forgetRedis(): void {
    rmSync(join(this.folder, 'redis'), { recursive: true, force: true })
  }

  /** A signal may arrive while the bench closes already. */
  close(): Promise<void> {
    return (this.#closing ??= this.#stopAll())
  }

  async #stopAll(): Promise<void> {
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

  async #start(options: BenchInstallationOptions): Promise<void> {
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

  /** The complete environment: no setting of the calling shell reaches the processes. */
  #environment({ publicUrl, env }: BenchInstallationOptions): NodeJS.ProcessEnv {
    return {
      PATH: process.env['PATH'],
      HOME: process.env['HOME'],
      NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'],
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
