import { closeSync, openSync, readFileSync } from 'node:fs'
import { type Child, startChild } from '../../ops/cli/child.ts'
import { checkout } from '../../ops/cli/env.ts'
import { scaledMs } from '../../ops/test/time-limits.ts'
import { until } from '../until.ts'

type Program = {
  /** The name in the error when it does not start. */
  name: string
  /** Its first file, as a path from the root. */
  main: string
  env: NodeJS.ProcessEnv
  logFile: string
  /** The address of its /readyz. */
  url: string
  /** The folder of the release that it is started from; without it, this checkout. */
  release?: string | undefined
}

/** One of our programs as a process, which may be killed and come back with the same settings. */
export class ServerProcess {
  readonly #program: Program
  #child: Child | undefined

  constructor(program: Program) {
    this.#program = program
  }

  get pid(): number | undefined {
    return this.#child?.pid
  }

  /** Resolves when it is ready to serve. */
  async start(): Promise<void> {
    const { name, main, env, logFile, url, release = checkout } = this.#program
    const log = openSync(logFile, 'a')
    const child = startChild(process.execPath, [main], {
      cwd: release,
      env,
      stdio: ['ignore', log, log],
      orphanSignal: 'TERM',
    })
    closeSync(log)
    this.#child = child
    await until(async () => {
      if (!child.running()) throw new Error(`${name} did not start:\n${this.log()}`)
      return (await fetch(`${url}/readyz`).catch(() => undefined))?.ok
    }, `${name} is ready`)
  }

  signal(signal: NodeJS.Signals): void {
    this.#child?.process.kill(signal)
  }

  /** Kills it as a power failure does: it finishes nothing. */
  async kill(): Promise<void> {
    this.signal('SIGKILL')
    await this.#child?.exited
  }

  async stop(): Promise<void> {
    await this.#child?.stop(['SIGTERM'], scaledMs(10_000))
  }

  log(): string {
    return readFileSync(this.#program.logFile, 'utf8')
  }
}
