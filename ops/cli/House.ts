import { existsSync, mkdirSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { startChild } from './child.ts'
import { checkout, type Settings } from './env.ts'
import { Part, type Running } from './Part.ts'
import { PartLog } from './PartLog.ts'
import { startRedis } from './redis.ts'
import { forgetState, orphans, processOf, stopOrphan, writeState } from './state.ts'
import { rotate, run, step } from './steps.ts'
import { Trouble } from './trouble.ts'

class Interrupted extends Error {}

const stopPatience = 25_000

/** All parts of one installation, in the order in which they need each other; stopped the other way round. */
export class House {
  #settings: Settings
  #folder: string
  #secret: string
  #parts: Part[] = []
  #closing = false
  #ready = false
  #mediaWorker: string | undefined
  #urls = { databaseUrl: '', redisUrl: '' }

  constructor(settings: Settings, folder: string, secret: string) {
    this.#settings = settings
    this.#folder = folder
    this.#secret = secret
    this.#urls = { databaseUrl: settings.databaseUrl ?? '', redisUrl: settings.redisUrl ?? '' }
    mkdirSync(join(folder, 'logs'), { recursive: true, mode: 0o700 })
  }

  /** Before anything else: what a killed start left behind still holds the ports. */
  async clear() {
    for (const [name, part] of orphans(this.#folder)) await this.#removeOrphan(name, part)
  }

  get empty() {
    return this.#parts.length === 0
  }

  async start(mediaWorker: string | undefined) {
    this.#mediaWorker = mediaWorker
    await Promise.all([this.#startPostgres(), this.#startRedis()])
    await this.#migrate()
    const { host, port, sfuHost, sfuPort } = this.#settings
    await this.#startNode('sfu', 'apps/sfu/src/main.ts', this.#nodeEnvironment, `${reachable(sfuHost)}:${sfuPort}`)
    await this.#startNode('api', 'apps/api/src/main.ts', this.environment, `${reachable(host)}:${port}`)
    this.#ready = true
    this.#remember()
  }

  async stop() {
    this.#closing = true
    for (const part of this.#parts.toReversed()) await part.stop()
    forgetState(this.#folder)
  }

  /** For a second Ctrl-C: nobody waits any more. */
  kill() {
    for (const { pid } of this.#parts) if (pid) process.kill(pid, 'SIGKILL')
  }

  /** What the API and its tools are told; it must never be printed. */
  get environment(): NodeJS.ProcessEnv {
    const { databaseUrl, redisUrl } = this.#urls
    return { ...this.#common, VECHE_SECRET: this.#secret, DATABASE_URL: databaseUrl, REDIS_URL: redisUrl }
  }

  get #nodeEnvironment(): NodeJS.ProcessEnv {
    return { ...this.#common, MEDIASOUP_WORKER_BIN: this.#mediaWorker }
  }

  get #common(): NodeJS.ProcessEnv {
    const { port, sfuPort, publicUrl } = this.#settings
    return {
      ...process.env,
      NODE_ENV: 'production',
      VECHE_DATA: this.#folder,
      PUBLIC_URL: publicUrl,
      PORT: String(port),
      SFU_PORT: String(sfuPort),
    }
  }

  async #removeOrphan(name: string, part: { pid: number; identity: string }) {
    console.log(`  ${name} (process ${part.pid}) outlived its last start; stopping it`)
    if (!(await stopOrphan(name, part)))
      throw new Trouble(`${name} (process ${part.pid}) is left from an earlier start and does not stop.`)
  }

  async #startPostgres() {
    if (this.#settings.databaseUrl) return
    const { startPostgres } = await import('./postgres.ts')
    const dataDir = join(this.#folder, 'postgres')
    const log = this.#logFile('postgres')
    const title = existsSync(dataDir) ? 'Starting Postgres' : 'Creating the database'
    const part = await step(title, () => this.#add('postgres', () => startPostgres({ dataDir, log })))
    this.#urls.databaseUrl = part.running.url
    await part.keepAlive()
  }

  async #startRedis() {
    if (this.#settings.redisUrl) return
    const dir = join(this.#folder, 'redis')
    const log = this.#logFile('redis')
    const part = await step('Starting Redis', () => this.#add('redis', () => startRedis({ dir, log })))
    this.#urls.redisUrl = part.running.url
    await part.keepAlive()
  }

  async #migrate() {
    if (this.#closing) throw new Interrupted()
    const log = join(this.#folder, 'logs/migrate.log')
    const goal = 'Bringing the database up to date'
    await step(goal, () =>
      run(process.execPath, ['packages/db/src/upgrade.ts'], { cwd: checkout, log, env: this.environment, goal }),
    )
  }

  async #startNode(name: string, file: string, env: NodeJS.ProcessEnv, address: string) {
    await step(`Starting ${name}`, async () => {
      const log = new PartLog(name, join(this.#folder, 'logs', `${name}.log`))
      const part = await this.#add(name, () => this.#launchNode(file, env, log))
      await answersReady(part.running.child, `http://${address}/readyz`, name, log)
      log.echo = true
      await part.keepAlive()
    })
  }

  async #launchNode(file: string, env: NodeJS.ProcessEnv, log: PartLog): Promise<Running> {
    const child = startChild(process.execPath, [file], {
      cwd: checkout,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
      orphanSignal: 'TERM',
    })
    log.take(child.process.stdout, child.process.stderr)
    return { child, stop: () => child.stop(['SIGTERM'], stopPatience) }
  }

  async #add<T extends Running>(name: string, start: () => Promise<T>) {
    if (this.#closing) throw new Interrupted()
    const part = new Part<T>(name, start, () => this.#remember())
    this.#parts.push(part)
    const running = await part.start()
    if (this.#closing) throw new Interrupted()
    return { running, keepAlive: () => part.keepAlive() }
  }

  #logFile(name: string) {
    const file = join(this.#folder, 'logs', `${name}.log`)
    rotate(file)
    return openSync(file, 'a', 0o600)
  }

  #remember() {
    const parts = Object.fromEntries(
      this.#parts.filter(({ pid }) => pid).map(({ name, pid }) => [name, processOf(pid)]),
    )
    const { publicUrl, port, sfuPort } = this.#settings
    const ports = { api: port, sfu: sfuPort }
    const up = processOf(process.pid)
    writeState(this.#folder, { up, address: publicUrl, ports, ...this.#urls, ready: this.#ready, parts })
  }
}

/** Who listens everywhere is asked here. */
function reachable(host: string) {
  if (['0.0.0.0', '::'].includes(host)) return '127.0.0.1'
  return host.includes(':') ? `[${host}]` : host
}

async function answersReady({ running, exited }: Running['child'], url: string, name: string, log: PartLog) {
  const end = Date.now() + 60_000
  while (running() && Date.now() < end) {
    const answer = await fetch(url, { signal: AbortSignal.timeout(2_000) }).catch(() => undefined)
    if (answer?.ok) return
    await wait(50)
  }
  const how = running() ? 'is not ready after a minute' : `ended during its start (${await exited})`
  throw new Trouble(`${name} ${how}: ${log.lastWords}`)
}
