import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { dirname, join, resolve } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { isAlive, startChild, stopForeign, worksIn, type Child } from '../child.ts'
import { socketFolder } from './sockets.ts'
import { CommandError } from '../errors.ts'

export type RedisOptions = {
  /** Where the append-only file and the pid file live; it is made when missing. */
  dir: string
  socketDir?: string
  /** False only where the data may be thrown away: tests. */
  persistent?: boolean
  log?: number
}

/** `url` is the path of the socket, as `new Redis(url)` takes it. */
export type Redis = { url: string; child: Child; stop(): Promise<void> }

const socketName = 'redis.sock'

/** Starts a private Redis on a unix socket without a TCP port, and returns when it accepts commands. */
export async function startRedis(options: RedisOptions): Promise<Redis> {
  const dir = resolve(options.dir)
  const binary = redisBinary()
  if (!binary) throw new CommandError('redis-server is not installed: run "apt-get install redis-server".')
  mkdirSync(dir, { recursive: true, mode: 0o700 })
  await stopLeftover(dir)
  const socket = join(socketFolder(options.socketDir ?? join(dirname(dir), 'redis-socket'), socketName), socketName)
  rmSync(socket, { force: true })
  const log = options.log ?? 'ignore'
  const child = startChild(binary, settings(dir, socket, options.persistent ?? true), {
    cwd: dir,
    stdio: ['ignore', log, log],
    orphanSignal: 'TERM',
  })
  await ready(child, socket)
  return { url: socket, child, stop: () => child.stop(['SIGTERM'], 10_000) }
}

/** The path of redis-server, also where PATH lacks /usr/sbin; undefined when it is not installed. */
export function redisBinary() {
  const names = ['redis-server', '/usr/bin/redis-server', '/usr/local/bin/redis-server']
  return names.find((name) => spawnSync(name, ['--version'], { stdio: 'ignore' }).status === 0)
}

/** Sends one command over a new connection without a client library, which may not be installed yet. */
export function askRedis(socket: string, command: string, timeoutMs = 1_000) {
  return new Promise<string>((resolve, reject) => {
    const line = connect(socket, () => line.write(`${command}\r\n`))
    line.setTimeout(timeoutMs, () => line.destroy(new Error('no answer')))
    line.once('data', (data) => {
      line.destroy()
      resolve(data.toString().trim())
    })
    line.once('error', reject)
  })
}

function settings(dir: string, socket: string, persistent: boolean) {
  const all: Record<string, string> = {
    port: '0',
    unixsocket: socket,
    unixsocketperm: '700',
    dir,
    pidfile: join(dir, 'redis.pid'),
    daemonize: 'no',
    save: '',
    appendonly: persistent ? 'yes' : 'no',
    appendfsync: 'everysec',
    'maxmemory-policy': 'noeviction',
  }
  return Object.entries(all).flatMap(([name, value]) => [`--${name}`, value])
}

async function stopLeftover(dir: string) {
  const file = join(dir, 'redis.pid')
  if (!existsSync(file)) return
  const pid = Number(readFileSync(file, 'utf8'))
  rmSync(file, { force: true })
  if (isAlive(pid) && worksIn(pid, dir))
    await stopForeign(pid, [
      ['SIGTERM', 10_000],
      ['SIGKILL', 2_000],
    ])
}

async function ready(child: Child, socket: string) {
  const end = Date.now() + 60_000
  while (child.running() && Date.now() < end) {
    const answer = await askRedis(socket, 'PING').catch(() => '')
    if (answer === '+PONG') return
    await wait(30)
  }
  const how = child.running() ? 'does not answer after a minute' : `ended at once (${await child.exited})`
  await child.stop(['SIGTERM'], 5_000)
  throw new CommandError(`Redis ${how}; its log says why.`)
}
