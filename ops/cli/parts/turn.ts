import { spawnSync } from 'node:child_process'
import { chmodSync, chownSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { userInfo } from 'node:os'
import { setTimeout as wait } from 'node:timers/promises'
import { StunConnection } from '../../stun/StunConnection.ts'
import { encode, newId } from '../../stun/message.ts'
import { systemAccount } from '../account.ts'
import { startChild, type Child } from '../child.ts'
import { checkout } from '../env.ts'
import type { PartLog } from './PartLog.ts'
import { CommandError } from '../errors.ts'

export type TurnOptions = {
  /** The folder for its settings; it is created when missing. */
  dir: string
  port: number
  relayPorts: [number, number]
  /** The secret that signs TURN credentials. */
  secret: string
  realm: string
  /** The IPv4 address that relays, and the public address of this machine. */
  address: string
  publicAddress?: string | undefined
  /** The only addresses that it relays to. */
  peers: string[]
  /** The addresses it listens on; all addresses of the machine by default. */
  listen?: string[]
  /** The text of ops/coturn/turnserver.conf, or one that differs from it. */
  template?: string
  log?: PartLog
}

export type Turn = { child: Child; stop(): Promise<void> }

/** Starts coturn with its own settings, and returns when it answers. */
export async function startTurn(options: TurnOptions): Promise<Turn> {
  const binary = turnBinary()
  if (!binary) throw new CommandError('coturn is not installed: run "apt-get install coturn".')
  const dir = resolve(options.dir)
  // Only root may open a port below 1024, so there coturn opens it and drops its rights by itself.
  const account = options.port >= 1024 ? systemAccount('turnserver') : undefined
  mkdirSync(dir, { recursive: true, mode: 0o700 })
  const file = join(dir, 'turnserver.conf')
  writeFileSync(file, configuration(options, dir, account !== undefined), { mode: 0o600 })
  chmodSync(file, 0o600)
  if (account) for (const path of [dir, file]) chownSync(path, account.uid, account.gid)
  const child = startChild(binary, ['-c', file], {
    account,
    cwd: dir,
    stdio: ['ignore', 'pipe', 'pipe'],
    orphanSignal: 'TERM',
  })
  options.log?.follow(child.process.stdout, child.process.stderr)
  if (!options.log) for (const stream of [child.process.stdout, child.process.stderr]) stream?.resume()
  await ready(child, options)
  return { child, stop: () => child.stop(['SIGTERM'], 5_000) }
}

/** The path of turnserver; undefined when it is not installed. */
export function turnBinary() {
  const names = ['turnserver', '/usr/bin/turnserver', '/usr/local/bin/turnserver']
  return names.find((name) => spawnSync(name, ['--version'], { stdio: 'ignore' }).error === undefined)
}

/** The version of the installed coturn, such as 4.6.1. */
export function turnVersion(): string | undefined {
  const binary = turnBinary()
  const said = binary ? spawnSync(binary, ['--version'], { encoding: 'utf8' }).stdout : ''
  return /\d+\.\d+(\.\d+)?/.exec(said)?.[0]
}

/** The hardened template with the lines of this installation. The secret stands here, so that no argument shows it. */
export function configuration(options: TurnOptions, dir: string, asItself: boolean) {
  const { port, relayPorts, secret, realm, address, publicAddress, peers, listen = [], template = hardened() } = options
  const lines = [
    `realm=${realm}`,
    `static-auth-secret=${secret}`,
    `listening-port=${port}`,
    ...listen.map((ip) => `listening-ip=${ip}`),
    `min-port=${relayPorts[0]}`,
    `max-port=${relayPorts[1]}`,
    `relay-ip=${address}`,
    ...(publicAddress && publicAddress !== address ? [`external-ip=${publicAddress}/${address}`] : []),
    ...peers.map((ip) => `allowed-peer-ip=${ip}`),
    ...(peers.some(isLoopback) ? ['allow-loopback-peers'] : []),
    ...(userInfo().uid === 0 && !asItself ? ['proc-user=turnserver', 'proc-group=turnserver'] : []),
    `pidfile=${join(dir, 'pid')}`,
    'log-file=stdout',
    'simple-log',
  ]
  return `${template}\n# Written by "./veche up" at each start.\n${lines.join('\n')}\n`
}

export function hardened() {
  return readFileSync(join(checkout, 'ops/coturn/turnserver.conf'), 'utf8')
}

export function isLoopback(address: string) {
  return address.startsWith('127.')
}

async function ready(child: Child, { listen, address, port, log }: TurnOptions) {
  const end = Date.now() + 30_000
  while (child.running() && Date.now() < end) {
    if (await answers(listen?.[0] ?? address, port)) return
    await wait(50)
  }
  const how = child.running() ? 'does not answer' : `ended during its start (${await child.exited})`
  await child.stop(['SIGTERM'], 5_000)
  throw new CommandError(`coturn ${how}: ${log?.lastLines ?? ''}`)
}

/** This uses TCP, because a refused connection is reported at once. */
async function answers(host: string, port: number) {
  const connection = await StunConnection.open({ host, port, protocol: 'tcp' }).catch(() => undefined)
  if (!connection) return false
  const question = encode({ method: 'binding', kind: 'request', id: newId(), fields: {} })
  const answer = await connection.ask(question).catch(() => undefined)
  connection.close()
  return answer?.kind === 'success'
}
