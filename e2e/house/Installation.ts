import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { newTestDatabase, setSqlClock } from '@veche/db/test-database'
import { checkout } from '../../ops/cli/env.ts'
import { builtApp } from './built-app.ts'
import { freePorts } from './free-ports.ts'
import { MediaNode } from './MediaNode.ts'
import { ServerProcess } from './ServerProcess.ts'
import type { Services } from './Services.ts'

export type Mail = { id: string; to: string; subject: string; text: string; html: string; at: string }

/** What an installation stands on. */
type Ground = { databaseUrl: string; redisUrl: string; clear: () => Promise<void> }

const run = promisify(execFile)

export type InstallationOptions = {
  settings?: Record<string, string>
  /** How many media nodes it has. Without one nobody can meet. */
  nodes?: number
  /** A Postgres and a Redis of its own, for a test that kills them. They are stopped with it. */
  services?: Services
}

/**
 * A whole installation of its own: a database, a data folder, a copy of the built app, the API with its worker as a process, and
 * media nodes as processes when they are asked for.
 */
export class Installation {
  readonly url: string
  /** Where the copy of the web app is that this installation hands out. */
  readonly app: string
  readonly nodes: MediaNode[] = []
  readonly #folder: string
  readonly #ground: Ground
  readonly #env: NodeJS.ProcessEnv
  readonly #api: ServerProcess

  private constructor([port, control]: [number, number], ground: Ground, settings: Record<string, string>) {
    this.#ground = ground
    this.#folder = mkdtempSync(join(tmpdir(), 'veche-e2e-'))
    this.app = join(this.#folder, 'web')
    this.url = `http://localhost:${port}`
    cpSync(builtApp, this.app, { recursive: true })
    this.#env = {
      ...process.env,
      DATABASE_URL: ground.databaseUrl,
      REDIS_URL: ground.redisUrl,
      REDIS_PREFIX: `e2e-${randomUUID()}`,
      VECHE_SECRET: randomUUID() + randomUUID(),
      VECHE_DATA: this.#folder,
      WEB_BUILD: this.app,
      PUBLIC_URL: this.url,
      HOST: '127.0.0.1',
      PORT: String(port),
      CONTROL_HOST: '127.0.0.1',
      CONTROL_PORT: String(control),
      LOG_LEVEL: 'info',
      DATABASE_POOL: '8',
      ...settings,
    }
    this.#api = new ServerProcess({
      name: 'the API',
      main: 'apps/api/src/main.ts',
      env: this.#env,
      logFile: join(this.#folder, 'api.log'),
      url: this.url,
    })
  }

  static async start({ settings = {}, nodes = 0, services }: InstallationOptions = {}): Promise<Installation> {
    const [ports, ground] = await Promise.all([freePorts(2), services ? own(services) : shared()])
    const installation = new Installation(ports as [number, number], ground, settings)
    await installation.start()
    for (let count = 0; count < nodes; count += 1) await installation.addNode()
    return installation
  }

  /** Another media node, once it is ready to take calls. */
  async addNode(settings: Record<string, string> = {}): Promise<MediaNode> {
    const node = await MediaNode.start(`sfu-${this.nodes.length}`, this.#folder, { ...this.#env, ...settings })
    this.nodes.push(node)
    return node
  }

  /** Resolves when it is ready to serve. */
  start(): Promise<void> {
    return this.#api.start()
  }

  /** As when the power fails: nothing is said, nothing is finished. */
  kill(): Promise<void> {
    return this.#api.kill()
  }

  async stop(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.stop()))
    await this.#api.stop()
    await this.#ground.clear()
    rmSync(this.#folder, { recursive: true, force: true })
  }

  /** The one-time link, as the operator gets it. */
  async adminLink(...args: string[]): Promise<string> {
    const { stdout } = await run(process.execPath, ['apps/api/src/admin-link.ts', ...args], {
      cwd: checkout,
      env: this.#env,
    })
    return stdout.trim()
  }

  async mails(): Promise<Mail[]> {
    return (await (await fetch(`${this.url}/dev/mail.json`)).json()) as Mail[]
  }

  /** What the database takes for the present, so many milliseconds away from the true one. */
  async setClock(offset: number): Promise<void> {
    await setSqlClock(this.#ground.databaseUrl, offset)
  }

  log(): string {
    return this.#api.log()
  }
}

async function shared(): Promise<Ground> {
  const database = await newTestDatabase(needed('TEST_DATABASE_URL'))
  return { databaseUrl: database.url, redisUrl: needed('TEST_REDIS_URL'), clear: () => database.drop() }
}

function own(services: Services): Ground {
  const { databaseUrl, redisUrl } = services
  return { databaseUrl, redisUrl, clear: () => services.stop() }
}

function needed(name: string): string {
  const value = process.env[name]
  if (!value) throw new Error(`${name} is set by ops/test/services.ts, the globalSetup of vitest`)
  return value
}
