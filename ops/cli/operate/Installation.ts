import { existsSync, mkdirSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { startChild } from '../child.ts'
import { apiArguments } from '../parts/api-arguments.ts'
import { apiEnvironment, nodeEnvironment, reachable, type PartSettings } from '../parts/environments.ts'
import { checkout, type Settings } from '../env.ts'
import type { NodeAddress } from '../parts/node-addresses.ts'
import { Part, type Running } from '../parts/Part.ts'
import { PartLog } from '../parts/PartLog.ts'
import { startRedis } from '../parts/redis.ts'
import { forgetState, orphans, processOf, stopOrphan, writeState, type TurnAddress } from './state.ts'
import { rotate, run, step } from '../steps.ts'
import { reason, CommandError } from '../errors.ts'
import { startTurn, turnBinary } from '../parts/turn.ts'
import { turnOptions } from '../parts/turn-options.ts'

class Interrupted extends Error {}

const stopTimeoutMs = 25_000

/** All parts of one installation. They start in the order of their dependencies and stop in the reverse order. */
export class Installation {
  #wiring: PartSettings
  #nodes: NodeAddress[]
  #turn: TurnAddress | undefined
  #parts: Part[] = []
  #closing = false
  #ready = false

  constructor(settings: Settings, nodes: NodeAddress[], folder: string, secret: string) {
    const { databaseUrl = '', redisUrl = '' } = settings
    this.#nodes = nodes
    this.#wiring = { settings, folder, secret, databaseUrl, redisUrl, turnUrls: '', mediaWorker: undefined }
    mkdirSync(join(folder, 'logs'), { recursive: true, mode: 0o700 })
  }

  /** This comes first, because parts left behind by a killed start still hold the ports. */
  async clear() {
    for (const [name, part] of orphans(this.#folder)) await this.#removeOrphan(name, part)
  }

  get empty() {
    return this.#parts.length === 0
  }

  async start(mediaWorker: string | undefined) {
    this.#wiring.mediaWorker = mediaWorker
    await Promise.all([this.#startPostgres(), this.#startRedis(), this.#startTurn()])
    await this.#migrate()
    const { host, port } = this.#wiring.settings
    const nodes = this.#nodes.map((node) => {
      const env = nodeEnvironment(this.#wiring, node)
      return this.#startNode(node.name, ['apps/sfu/src/main.ts'], env, `${reachable(node.host)}:${node.port}`)
    })
    const api = this.#startNode('api', apiArguments, this.environment, `${reachable(host)}:${port}`)
    await Promise.all([...nodes, api])
    this.#ready = true
    this.#remember()
  }

  async stop() {
    this.#closing = true
    for (const part of this.#parts.toReversed()) await part.stop()
    forgetState(this.#folder)
  }

  /** For a second Ctrl-C: kills all parts without waiting. */
  kill() {
    for (const { pid } of this.#parts) if (pid) process.kill(pid, 'SIGKILL')
  }

  /** The environment of the API and its tools. It holds secrets and must never be printed. */
  get environment(): NodeJS.ProcessEnv {
    return apiEnvironment(this.#wiring)
  }

  get #folder() {
    return this.#wiring.folder
  }

  async #removeOrphan(name: string, part: { pid: number; identity: string }) {
    console.log(`  ${name} (process ${part.pid}) outlived its last start; stopping it`)
    if (!(await stopOrphan(name, part)))
      throw new CommandError(`${name} (process ${part.pid}) is left from an earlier start and does not stop.`)
  }

  async #startPostgres() {
    if (this.#wiring.databaseUrl) return
    const { startPostgres } = await import('../parts/postgres.ts')
    const dataDir = join(this.#folder, 'postgres')
    const log = this.#logFile('postgres')
    const title = existsSync(dataDir) ? 'Starting Postgres' : 'Creating the database'
    const part = await step(title, () => this.#add('postgres', () => startPostgres({ dataDir, log })))
    this.#wiring.databaseUrl = part.running.url
    await part.keepAlive()
  }

  async #startRedis() {
    if (this.#wiring.redisUrl) return
    const dir = join(this.#folder, 'redis')
    const log = this.#logFile('redis')
    const part = await step('Starting Redis', () => this.#add('redis', () => startRedis({ dir, log })))
    this.#wiring.redisUrl = part.running.url
    await part.keepAlive()
  }

  /** Most calls need no TURN server, so a failure to start it does not stop the start. */
  async #startTurn() {
    const { settings, secret } = this.#wiring
    if (settings.turn.urls || !turnBinary()) return
    const log = new PartLog('turn', join(this.#folder, 'logs/turn.log'))
    const { address, options } = await turnOptions(settings, secret, join(this.#folder, 'turn'))
    try {
      const part = await step('Starting coturn', () => this.#add('turn', () => startTurn({ ...options, log })))
      this.#turn = address
      this.#wiring.turnUrls = address.urls
      await part.keepAlive()
    } catch (error) {
      if (error instanceof Interrupted) throw error
      console.error(`! ${reason(error)}\n  Calls go on, without those whose network needs it.`)
    }
  }

  async #migrate() {
    if (this.#closing) throw new Interrupted()
    const log = join(this.#folder, 'logs/migrate.log')
    const goal = 'Bringing the database up to date'
    await step(goal, () =>
      run(process.execPath, ['packages/db/src/upgrade.ts'], { cwd: checkout, log, env: this.environment, goal }),
    )
  }

  async #startNode(name: string, args: string[], env: NodeJS.ProcessEnv, address: string) {
    await step(`Starting ${name}`, async () => {
      const log = new PartLog(name, join(this.#folder, 'logs', `${name}.log`))
      const part = await this.#add(name, () => this.#launchNode(args, env, log))
      await answersReady(part.running.child, `http://${address}/readyz`, name, log)
      log.echo = true
      await part.keepAlive()
    })
  }

  async #launchNode(args: string[], env: NodeJS.ProcessEnv, log: PartLog): Promise<Running> {
    const child = startChild(process.execPath, args, {
      cwd: checkout,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
      orphanSignal: 'TERM',
    })
    log.follow(child.process.stdout, child.process.stderr)
    return { child, stop: () => child.stop(['SIGTERM'], stopTimeoutMs) }
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
    const { settings, databaseUrl, redisUrl } = this.#wiring
    writeState(this.#folder, {
      up: processOf(process.pid),
      address: settings.publicUrl,
      ports: { api: settings.port, control: settings.controlPort },
      nodes: this.#nodes,
      turn: this.#turn,
      databaseUrl,
      redisUrl,
      ready: this.#ready,
      parts,
    })
  }
}

async function answersReady({ running, exited }: Running['child'], url: string, name: string, log: PartLog) {
  const end = Date.now() + 60_000
  while (running() && Date.now() < end) {
    const answer = await fetch(url, { signal: AbortSignal.timeout(2_000) }).catch(() => undefined)
    if (answer?.ok) return
    await wait(50)
  }
  const how = running() ? 'is not ready after a minute' : `ended during its start (${await exited})`
  throw new CommandError(`${name} ${how}: ${log.lastLines}`)
}
