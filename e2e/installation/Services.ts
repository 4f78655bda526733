import { chmodSync, closeSync, mkdtempSync, openSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { migrate } from '@veche/db/migrate'
import { type Postgres, startPostgres } from '../../ops/cli/parts/postgres.ts'
import { type Redis, startRedis } from '../../ops/cli/parts/redis.ts'

/** A Postgres and a Redis of one installation alone, which may be killed and come back with what they had on disk. */
export class Services {
  readonly #folder: string
  readonly #log: number
  #postgres: Postgres
  #redis: Redis

  private constructor(folder: string, log: number, postgres: Postgres, redis: Redis) {
    this.#folder = folder
    this.#log = log
    this.#postgres = postgres
    this.#redis = redis
  }

  static async start(): Promise<Services> {
    const folder = mkdtempSync(join(tmpdir(), 'veche-e2e-services-'))
    chmodSync(folder, 0o711)
    const log = openSync(join(folder, 'services.log'), 'a')
    const services = new Services(folder, log, ...(await Promise.all([postgresIn(folder, log), redisIn(folder, log)])))
    await migrate(services.databaseUrl)
    return services
  }

  get databaseUrl(): string {
    return this.#postgres.url
  }

  get redisUrl(): string {
    return this.#redis.url
  }

  /** Kills both as a power failure does. */
  async kill(): Promise<void> {
    for (const { child } of [this.#postgres, this.#redis]) child.process.kill('SIGKILL')
    await Promise.all([this.#postgres.child.exited, this.#redis.child.exited])
  }

  async restart(): Promise<void> {
    const both = [postgresIn(this.#folder, this.#log), redisIn(this.#folder, this.#log)] as const
    ;[this.#postgres, this.#redis] = await Promise.all(both)
  }

  async stop(): Promise<void> {
    await Promise.all([this.#postgres.stop(), this.#redis.stop()])
    closeSync(this.#log)
    rmSync(this.#folder, { recursive: true, force: true })
  }
}

function postgresIn(folder: string, log: number): Promise<Postgres> {
  return startPostgres({ dataDir: join(folder, 'postgres'), log })
}

function redisIn(folder: string, log: number): Promise<Redis> {
  return startRedis({ dir: join(folder, 'redis'), log })
}
