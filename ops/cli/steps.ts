import { closeSync, mkdirSync, openSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { startChild, type Child } from './child.ts'
import { knownCause, Trouble } from './trouble.ts'

const running = new Set<Child>()

/** Says what is being done, now and then that it goes on, and how long it took. */
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
  /** Looked at every second with all that was said: true ends a program that only hopes on. */
  hopeless?: (said: string) => boolean
}

/** Runs a program with its output in a log; when it fails, the cause is said in one sentence. */
export async function run(command: string, args: string[], { cwd, log, env, goal, hopeless }: Run) {
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
    hopeless && setInterval(() => hopeless(readFileSync(log, 'utf8')) && void child.stop(['SIGTERM'], 5_000), 1_000)
  const how = await child.exited
  clearInterval(watch)
  running.delete(child)
  closeSync(output)
  if (how === 'exit code 0') return
  const said = readFileSync(log, 'utf8')
  const cause = knownCause(said) ?? (lastWords(said) || how)
  throw new Trouble(`${goal} failed: ${cause}${knownCause(said) ? '.' : ''}\nThe whole output is in ${log}.`)
}

/** What a program said last, without the lines that only its authors can read. */
export function lastWords(said: string) {
  const lines = said.split('\n').map((line) => line.trim())
  return lines
    .filter((line) => line && !/^(at |node:|throw |\^|[{}\]]|Node\.js v)/.test(line))
    .slice(-6)
    .join('\n')
}

/** For Ctrl-C in the middle of an installation or a build. */
export async function stopRunningSteps() {
  await Promise.all([...running].map((child) => child.stop(['SIGTERM'], 5_000)))
}

/** Keeps the logs of the last starts: name.log, name.1.log … name.4.log. */
export function rotate(file: string, keep = 4) {
  const numbered = (number: number) => (number === 0 ? file : file.replace(/\.log$/, `.${number}.log`))
  rmSync(numbered(keep), { force: true })
  for (let number = keep - 1; number >= 0; number--) {
    try {
      renameSync(numbered(number), numbered(number + 1))
    } catch {
      // There were fewer starts than we keep.
    }
  }
}
