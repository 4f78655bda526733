import { randomBytes } from 'node:crypto'
import { chownSync, closeSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { Client, Pool } from 'pg'
import { postgresAccount, systemAccount, type Account } from '../../cli/account.ts'
import { startChild, type Child } from '../../cli/child.ts'
import { startPostgres, type Postgres } from '../../cli/parts/postgres.ts'
import { makeBenchFolder } from '../installation/bench-folder.ts'
import { freePorts } from '../installation/free-ports.ts'
import type { ServerProcesses } from './ChatServer.ts'

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** A private folder, a Postgres as Veche has it, and one XMPP server that runs under the account of its package. */
export class XmppInstallation {
  /** What belongs to the account: settings and data. */
  readonly home: string
  /** For clients, on loopback. */
  readonly port: number
  readonly databasePort: number
  readonly databasePassword = randomBytes(24).toString('base64url')
  /** The database, role and account have the name of the server. */
  readonly name: string
  pool!: Pool
  readonly #folder: string
  readonly #log: number
  readonly #account: Account | undefined
  #postgres: Postgres | undefined
  #child: Child | undefined
  #closing: Promise<void> | undefined
  readonly #interrupted = () => void this.close().finally(() => process.exit(130))

  static async open(name: string): Promise<XmppInstallation> {
    const installation = new XmppInstallation(name, await freePorts(2))
    try {
      await installation.#startPostgres()
      return installation
    } catch (error) {
      await installation.close()
      throw error
    }
  }

  private constructor(name: string, ports: number[]) {
    this.name = name
    ;[this.port, this.databasePort] = ports as [number, number]
    this.#folder = makeBenchFolder()
    this.#account = systemAccount(name)
    this.home = join(this.#folder, 'home')
    mkdirSync(this.home, { mode: 0o700 })
    if (this.#account) chownSync(this.home, this.#account.uid, this.#account.gid)
    this.#log = openSync(join(this.#folder, 'log'), 'a', 0o600)
    for (const signal of signals) process.once(signal, this.#interrupted)
  }

  get processes(): ServerProcesses {
    return { server: this.#child!.pid, postgres: this.#postgres!.child.pid }
  }

  get lastLines(): string {
    return readFileSync(join(this.#folder, 'log'), 'utf8').split('\n').slice(-40).join('\n')
  }

  /** Writes a file into the home; it may hold the database's password. Returns its path. */
  write(file: string, text: string): string {
    return writeFor(this.#account, join(this.home, file), text)
  }

  /** Starts the server, and returns when it listens for clients. */
  async start(command: string, args: string[], env: NodeJS.ProcessEnv = {}): Promise<void> {
    this.#child = startChild(command, args, {
      account: this.#account,
      cwd: this.home,
      env: { PATH: process.env['PATH'], LANG: 'C.UTF-8', HOME: this.home, ...env },
      stdio: ['ignore', this.#log, this.#log],
      orphanSignal: 'TERM',
    })
    for (const end = Date.now() + 60_000; this.#child.running() && Date.now() < end; await wait(50))
      if (await listens(this.port)) return
    throw new Error(`${this.name} does not listen for clients:\n${this.lastLines}`)
  }

  /** A signal may arrive while the bench closes already. */
  close(): Promise<void> {
    return (this.#closing ??= this.#stopAll())
  }

  async #stopAll(): Promise<void> {
    for (const signal of signals) process.off(signal, this.#interrupted)
    await this.#child?.stop(['SIGTERM'], 10_000)
    await this.pool?.end().catch(() => undefined)
    await this.#postgres?.stop()
    closeSync(this.#log)
    rmSync(this.#folder, { recursive: true, force: true })
  }

  /** ejabberd reaches a database over TCP alone, so its role has a password and nobody else gets in that way. */
  async #startPostgres(): Promise<void> {
    const { name } = this
    const rules = `local all all trust\nhost ${name} ${name} 127.0.0.1/32 scram-sha-256\n`
    this.#postgres = await startPostgres({
      dataDir: join(this.#folder, 'postgres'),
      log: this.#log,
      tcp: { port: this.databasePort, rules: writeFor(postgresAccount(), join(this.#folder, 'pg_hba.conf'), rules) },
    })
    const admin = new Client({ connectionString: this.#postgres.adminUrl })
    await admin.connect()
    await admin.query(`create role ${name} login password '${this.databasePassword}'`)
    await admin.query(`create database ${name} owner ${name}`)
    await admin.end()
    const url = new URL(this.#postgres.url)
    url.username = name
    url.pathname = name
    this.pool = new Pool({ connectionString: url.href, max: 1 })
    this.pool.on('error', () => undefined)
  }
}

function writeFor(account: Account | undefined, path: string, text: string): string {
  writeFileSync(path, text, { mode: 0o600 })
  if (account) chownSync(path, account.uid, account.gid)
  return path
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => resolve(true))
    socket.once('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })
}
