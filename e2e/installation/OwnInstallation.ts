import { randomUUID } from 'node:crypto'
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { newTestDatabase } from '@veche/db/test-database'
import { builtApp } from './built-app.ts'
import { freePorts } from './free-ports.ts'
import { Installation } from './Installation.ts'
import { MediaNode } from './MediaNode.ts'
import { ServerProcess } from './ServerProcess.ts'
import type { Services } from './Services.ts'

type Databases = { databaseUrl: string; redisUrl: string; remove: () => Promise<void> }

export type InstallationOptions = {
  settings?: Record<string, string>
  /** How many media nodes it has. Without one nobody can meet. */
  nodes?: number
  /** A Postgres and a Redis of its own, for a test that kills them. They are stopped with it. */
  services?: Services
  /** The folders of the releases that its API, with the web app, and its nodes are started from; without one, this checkout. */
  releases?: { api?: string | undefined; nodes?: string | undefined }
}

/**
 * A whole installation: a database, a data folder, a copy of the built app, the API with its worker as a process, and media nodes as
 * processes. Only tests that kill parts, replace the app or need an empty or particular server start one.
 */
export class OwnInstallation extends Installation {
  readonly nodes: MediaNode[] = []
  readonly #folder: string
  readonly #databases: Databases
  readonly #env: NodeJS.ProcessEnv
  readonly #releases: NonNullable<InstallationOptions['releases']>
  readonly #api: ServerProcess

  private constructor(
    folder: string,
    [port, control]: [number, number],
    databases: Databases,
    { settings: own = {}, releases = {} }: InstallationOptions,
  ) {
    const url = `http://localhost:${port}`
    const app = join(folder, 'web')
    const settings = {
      DATABASE_URL: databases.databaseUrl,
      REDIS_URL: databases.redisUrl,
      REDIS_PREFIX: `e2e-${randomUUID()}`,
      VECHE_SECRET: randomUUID() + randomUUID(),
      VECHE_DATA: folder,
      WEB_BUILD: app,
      PUBLIC_URL: url,
      HOST: '127.0.0.1',
      PORT: String(port),
      CONTROL_HOST: '127.0.0.1',
      CONTROL_PORT: String(control),
      LOG_LEVEL: 'info',
      DATABASE_POOL: '8',
      ...own,
    }
    super({ url: settings.PUBLIC_URL, apiUrl: url, app, databaseUrl: databases.databaseUrl, settings })
    cpSync(releases.api ? join(releases.api, 'apps/web/build') : builtApp, app, { recursive: true })
    this.#releases = releases
    this.#databases = databases
    this.#folder = folder
    this.#env = { ...process.env, ...settings }
    const logFile = join(folder, 'api.log')
    const main = 'apps/api/src/main.ts'
    this.#api = new ServerProcess({ name: 'the API', main, env: this.#env, logFile, url, release: releases.api })
  }

  static async start(options: InstallationOptions = {}): Promise<OwnInstallation> {
    const { nodes = 0, services } = options
    const [ports, databases] = await Promise.all([freePorts(2), services ? ownDatabases(services) : testDatabases()])
    const folder = mkdtempSync(join(tmpdir(), 'veche-e2e-'))
    const installation = new OwnInstallation(folder, ports as [number, number], databases, options)
    await installation.start()
    for (let count = 0; count < nodes; count += 1) await installation.addNode()
    return installation
  }

  /** Another media node, once it is ready to take calls. */
  async addNode(settings: Record<string, string> = {}): Promise<MediaNode> {
    const env = { ...this.#env, ...settings }
    const options = { env, release: this.#releases.nodes }
    const node = await MediaNode.start(`sfu-${this.nodes.length}`, this.#folder, options)
    this.nodes.push(node)
    return node
  }

  /** Starts the API and waits until it is ready to serve. */
  start(): Promise<void> {
    return this.#api.start()
  }

  /** Kills the API as a power failure does: it finishes nothing. */
  kill(): Promise<void> {
    return this.#api.kill()
  }

  async stop(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.stop()))
    await this.#api.stop()
    await this.#databases.remove()
    rmSync(this.#folder, { recursive: true, force: true })
  }

  log(): string {
    return this.#api.log()
  }
}

async function testDatabases(): Promise<Databases> {
  const database = await newTestDatabase(requireVariable('TEST_DATABASE_URL'))
  return { databaseUrl: database.url, redisUrl: requireVariable('TEST_REDIS_URL'), remove: () => database.drop() }
}

function ownDatabases(services: Services): Databases {
  const { databaseUrl, redisUrl } = services
  return { databaseUrl, redisUrl, remove: () => services.stop() }
}

function requireVariable(name: string): string {
  const value = process.env[name]
  if (!value) throw new Error(`${name} is set by ops/test/services.ts, the globalSetup of vitest`)
  return value
}
