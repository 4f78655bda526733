import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { NodeAddress } from '../parts/node-addresses.ts'
import { identity, isSame, stopForeign } from '../child.ts'

/** The address of this machine's TURN server, and the URLs that browsers get. */
export type TurnAddress = { address: string; port: number; urls: string }
export type Process = { pid: number; identity: string }
/** What runs on a data folder. Other commands read it, and so does the next start after a crash. */
export type State = {
  up: Process
  address: string
  ports: { api: number; control: number }
  nodes: NodeAddress[]
  turn: TurnAddress | undefined
  databaseUrl: string
  redisUrl: string
  ready: boolean
  parts: Record<string, Process>
}

export function processOf(pid: number): Process {
  return { pid, identity: identity(pid) }
}

export function isThere(one: Process) {
  return isSame(one.pid, one.identity)
}

export function writeState(folder: string, state: State) {
  const file = join(folder, 'run.json')
  writeFileSync(`${file}.new`, JSON.stringify(state), { mode: 0o600 })
  renameSync(`${file}.new`, file)
}

export function readState(folder: string): State | undefined {
  try {
    return JSON.parse(readFileSync(join(folder, 'run.json'), 'utf8')) as State
  } catch {
    return undefined
  }
}

export function forgetState(folder: string) {
  rmSync(join(folder, 'run.json'), { force: true })
}

/** Parts that still run after "up" was killed, in the order in which they must be stopped. */
export function orphans(folder: string): [string, Process][] {
  return Object.entries(readState(folder)?.parts ?? {})
    .filter(([, part]) => isThere(part))
    .reverse()
}

export async function stopOrphan(name: string, { pid }: Process) {
  // On SIGTERM Postgres waits for all clients to disconnect; on SIGINT it shuts down cleanly at once.
  const first = name === 'postgres' ? 'SIGINT' : 'SIGTERM'
  return stopForeign(pid, [
    [first, 20_000],
    ['SIGKILL', 2_000],
  ])
}
