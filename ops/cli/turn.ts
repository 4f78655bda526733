import { spawnSync } from 'node:child_process'
import { chmodSync, chownSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { userInfo } from 'node:os'
import { setTimeout as wait } from 'node:timers/promises'
import { Line } from '../stun/Line.ts'
import { encode, newId } from '../stun/message.ts'
import { systemAccount } from './account.ts'
import { startChild, type Child } from './child.ts'
import { checkout } from './env.ts'
import type { PartLog } from './PartLog.ts'
import { Trouble } from './trouble.ts'

export type TurnOptions = {
  /** Where its settings go; it is made when missing. */
  dir: string
  port: number
  relayPorts: [number, number]
  /** Signs the names that it lets in. */
  secret: string
  realm: string
  /** The IPv4 address of this machine that relays, and the one that the world knows it by. */
  address: string
  publicAddress?: string | undefined
  /** The only addresses that it passes anything on to. */
  peers: string[]
  /** Where it listens; by default on every address of the machine. */
  listen?: string[]
  /** The text of ops/coturn/turnserver.conf, or one that differs from it. */
  template?: string
  log?: PartLog
}

export type Turn = { child: Child; stop(): Promise<void> }

/** Starts coturn on settings of its own, and answers once it does. */
export async function startTurn(options: TurnOptions): Promise<Turn> {
  const binary = turnBinary()
  if (!binary) throw new Trouble('coturn is not installed: run "apt-get install coturn".')
  const dir = resolve(options.dir)
  // A port below 1024 belongs to root: there coturn opens it first, and steps down by itself.
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
  options.log?.take(child.process.stdout, child.process.stderr)
  if (!options.log) for (const stream of [child.process.stdout, child.process.stderr]) stream?.resume()
  await ready(child, options)
  return { child, stop: () => child.stop(['SIGTERM'], 5_000) }
}

/** The server's path, or nothing when it is not installed. */
export function turnBinary() {
  const names = ['turnserver', '/usr/bin/turnserver', '/usr/local/bin/turnserver']
  return names.find((name) => spawnSync(name, ['--version'], { stdio: 'ignore' }).error === undefined)
}

/** The hardened template, and this installation's lines; the secret is here and in nobody's arguments. */
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
  throw new Trouble(`coturn ${how}: ${log?.lastWords ?? ''}`)
}

/** TCP, as a refusal is told at once there. */
async function answers(host: string, port: number) {
  const line = await Line.open({ host, port, protocol: 'tcp' }).catch(() => undefined)
  if (!line) return false
  const question = encode({ method: 'binding', kind: 'request', id: newId(), fields: {} })
  const answer = await line.ask(question).catch(() => undefined)
  line.close()
  return answer?.kind === 'success'
}
