import { spawn, spawnSync, type ChildProcess, type StdioOptions } from 'node:child_process'
import { readFileSync, readlinkSync, realpathSync } from 'node:fs'
import type { Account } from './account.ts'

export type ChildOptions = {
  cwd?: string
  env?: NodeJS.ProcessEnv
  account?: Account | undefined
  stdio?: StdioOptions
  /** What the kernel sends the child if we are killed without a chance to stop it ourselves. */
  orphanSignal?: 'TERM' | 'INT'
}

export type Child = {
  pid: number
  process: ChildProcess
  exited: Promise<string>
  running(): boolean
  stop(signals: NodeJS.Signals[], patience: number): Promise<void>
}

let setprivFound: boolean | undefined

/** Starts a process in a session of its own: Ctrl-C in the terminal reaches us only, and we stop the parts in order. */
export function startChild(command: string, args: string[], options: ChildOptions = {}): Child {
  const { account, orphanSignal, ...rest } = options
  const guard = orphanSignal && hasSetpriv() ? ['setpriv', '--pdeathsig', orphanSignal, '--', command] : [command]
  const process = spawn(guard[0]!, [...guard.slice(1), ...args], { ...rest, ...account, detached: true })
  let over = false
  const exited = new Promise<string>((resolve) => {
    process.once('error', (error) => resolve(error.message))
    process.once('exit', (code, signal) => resolve(signal ?? `exit code ${code}`))
  })
  void exited.then(() => (over = true))
  const running = () => !over
  return {
    pid: process.pid ?? 0,
    process,
    exited,
    running,
    stop: (signals, patience) => stop(process, exited, running, signals, patience),
  }
}

/** Each signal in turn gets the same patience; the last resort is SIGKILL. */
async function stop(
  process: ChildProcess,
  exited: Promise<string>,
  running: () => boolean,
  signals: NodeJS.Signals[],
  patience: number,
) {
  for (const signal of [...signals, 'SIGKILL' as const]) {
    if (!running()) return
    process.kill(signal)
    await within(exited, patience)
  }
}

async function within(promise: Promise<unknown>, ms: number) {
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

/** A pid in a file may since have gone to somebody else; the folder a process works in tells whose it is. */
export function worksIn(pid: number, folder: string) {
  try {
    return readlinkSync(`/proc/${pid}/cwd`) === realpathSync(folder)
  } catch {
    return false
  }
}

/** Field 22 of /proc/<pid>/stat: together with the pid it names one process for as long as the machine runs. */
export function startTime(pid: number) {
  return procStat(pid)?.[19] ?? ''
}

function isZombie(pid: number) {
  return procStat(pid)?.[0] === 'Z'
}

function procStat(pid: number) {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return text.slice(text.lastIndexOf(')') + 2).split(' ')
  } catch {
    return undefined
  }
}
