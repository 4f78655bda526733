import { spawn, spawnSync, type ChildProcess, type StdioOptions } from 'node:child_process'
import { readFileSync, readlinkSync, realpathSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'
import type { Account } from './account.ts'

export type ChildOptions = {
  cwd?: string
  env?: NodeJS.ProcessEnv
  account?: Account | undefined
  stdio?: StdioOptions
  /** The signal that the kernel sends to the child if this process is killed. */
  orphanSignal?: 'TERM' | 'INT'
  /** True when signals must also reach what the child started, as with a package manager that runs scripts. */
  wholeGroup?: boolean
}

export type Child = {
  pid: number
  process: ChildProcess
  exited: Promise<string>
  running(): boolean
  stop(signals: NodeJS.Signals[], graceMs: number): Promise<void>
}

let setprivFound: boolean | undefined

/** Starts a process in its own session: Ctrl-C in the terminal reaches only us, and we stop the parts in order. */
export function startChild(command: string, args: string[], options: ChildOptions = {}): Child {
  const { account, orphanSignal, wholeGroup, ...rest } = options
  const guard = orphanSignal && hasSetpriv() ? ['setpriv', '--pdeathsig', orphanSignal, '--', command] : [command]
  const process = spawn(guard[0]!, [...guard.slice(1), ...args], { ...rest, ...account, detached: true })
  let over = false
  const exited = new Promise<string>((resolve) => {
    process.once('error', (error) => resolve(error.message))
    process.once('exit', (code, signal) => resolve(signal ?? `exit code ${code}`))
  })
  void exited.then(() => (over = true))
  const pid = process.pid ?? 0
  const child = { pid, process, exited, running: () => !over }
  return { ...child, stop: (signals, graceMs) => stop(child, wholeGroup ? -pid : pid, signals, graceMs) }
}

/** Each signal in turn gets the same time; the last resort is SIGKILL. */
async function stop(child: Omit<Child, 'stop'>, target: number, signals: NodeJS.Signals[], graceMs: number) {
  for (const signal of [...signals, 'SIGKILL' as const]) {
    if (!child.running() || !child.pid) return
    signalTo(target, signal)
    await settleWithin(child.exited, graceMs)
  }
}

function signalTo(target: number, signal: NodeJS.Signals) {
  try {
    process.kill(target, signal)
  } catch {
    // The process ended between the check and the signal.
  }
}

/** Stops a process that is not our child, such as a leftover of an earlier start. Returns whether it is gone. */
export async function stopForeign(pid: number, signals: [NodeJS.Signals, number][]) {
  for (const [signal, graceMs] of signals) {
    signalTo(pid, signal)
    const end = Date.now() + graceMs
    while (isAlive(pid) && Date.now() < end) await wait(50)
    if (!isAlive(pid)) return true
  }
  return false
}

async function settleWithin(promise: Promise<unknown>, ms: number) {
  let timer: NodeJS.Timeout | undefined
  await Promise.race([promise, new Promise((resolve) => (timer = setTimeout(resolve, ms)))])
  clearTimeout(timer)
}

function hasSetpriv() {
  return (setprivFound ??= spawnSync('setpriv', ['--pdeathsig', 'TERM', '--', 'true']).status === 0)
}

export function isAlive(pid: number) {
  if (!(pid > 1)) return false
  try {
    process.kill(pid, 0)
    return !isZombie(pid)
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

/** A pid in a file may belong to another program by now; its working directory tells. */
export function worksIn(pid: number, folder: string) {
  try {
    return readlinkSync(`/proc/${pid}/cwd`) === realpathSync(folder)
  } catch {
    return false
  }
}

/** Identifies a process beyond its pid, so that a stored pid is still right after a reboot or when pids are reused. */
export function identity(pid: number) {
  return `${bootId()}/${procStat(pid)?.[19] ?? 'unknown'}`
}

export function isSame(pid: number, then: string) {
  return isAlive(pid) && identity(pid) === then
}

function bootId() {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
  } catch {
    return 'unknown'
  }
}

function isZombie(pid: number) {
  return procStat(pid)?.[0] === 'Z'
}

/** The fields of /proc/<pid>/stat after the name: the state comes first, the start time is the twentieth. */
function procStat(pid: number) {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return text.slice(text.lastIndexOf(')') + 2).split(' ')
  } catch {
    return undefined
  }
}
