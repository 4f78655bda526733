import { closeSync, mkdirSync, openSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { startChild, type Child } from './child.ts'
import { knownCause, CommandError } from './errors.ts'

const running = new Set<Child>()

/** Prints what is being done, that it still goes on, and how long it took. */
export async function step<T>(title: string, work: () => Promise<T>): Promise<T> {
  const start = performance.now()
  const seconds = () => `${((performance.now() - start) / 1000).toFixed(1)} s`
  console.log(`→ ${title}`)
  const reminder = setInterval(() => console.log(`  ${title}: still at it after ${seconds()}`), 10_000)
  try {
    const result = await work()
    console.log(`✓ ${title} (${seconds()})`)
    return result
  } finally {
    clearInterval(reminder)
  }
}

export type Run = {
  cwd: string
  log: string
  env?: NodeJS.ProcessEnv
  goal: string
  /** Called every second with the whole output; returning true stops a program that can no longer succeed. */
  cannotSucceed?: (said: string) => boolean
}

/** Runs a program with its output in a log file. A failure throws one sentence with the cause. */
export async function run(command: string, args: string[], { cwd, log, env, goal, cannotSucceed }: Run) {
  mkdirSync(dirname(log), { recursive: true })
  const output = openSync(log, 'w', 0o600)
  const child = startChild(command, args, {
    cwd,
    env: { ...process.env, ...env },
    stdio: ['ignore', output, output],
    orphanSignal: 'TERM',
    wholeGroup: true,
  })
  running.add(child)
  const watch =
    cannotSucceed &&
    setInterval(() => cannotSucceed(readFileSync(log, 'utf8')) && void child.stop(['SIGTERM'], 5_000), 1_000)
  const how = await child.exited
  clearInterval(watch)
  running.delete(child)
  closeSync(output)
  if (how === 'exit code 0') return
  const said = readFileSync(log, 'utf8')
  const cause = knownCause(said) ?? (lastLines(said) || how)
  throw new CommandError(`${goal} failed: ${cause}${knownCause(said) ? '.' : ''}\nThe whole output is in ${log}.`)
}

/** The last lines of a program's output, without stack traces. */
export function lastLines(said: string) {
  const lines = said.split('\n').map((line) => line.trim())
  return lines
    .filter((line) => line && !/^(at |node:|throw |\^|[{}\]]|Node\.js v)/.test(line))
    .slice(-6)
    .join('\n')
}

/** Stops the running program when Ctrl-C interrupts an installation or a build. */
export async function stopRunningSteps() {
  await Promise.all([...running].map((child) => child.stop(['SIGTERM'], 5_000)))
}

/** Rotates the logs of the last starts: name.log, name.1.log … name.4.log. */
export function rotate(file: string, keep = 4) {
  const numbered = (number: number) => (number === 0 ? file : file.replace(/\.log$/, `.${number}.log`))
  rmSync(numbered(keep), { force: true })
  for (let number = keep - 1; number >= 0; number--) {
    try {
      renameSync(numbered(number), numbered(number + 1))
    } catch {
      // There were fewer starts than logs to keep.
    }
  }
}
