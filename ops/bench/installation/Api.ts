import { setTimeout as wait } from 'node:timers/promises'
import { startChild, type Child } from '../../cli/child.ts'
import { CommandError } from '../../cli/errors.ts'
import { apiArguments } from '../../cli/parts/api-arguments.ts'

export type ApiOptions = {
  role: 'http' | 'worker' | 'both'
  port: number
  env: NodeJS.ProcessEnv
  log: number
  code: string
}

/** One process of the real API, started as operators start it. */
export class Api {
  readonly port: number
  readonly role: ApiOptions['role']
  readonly #options: ApiOptions
  #child: Child | undefined
  #answers = false

  constructor(options: ApiOptions) {
    this.#options = options
    this.port = options.port
    this.role = options.role
  }

  get pid(): number {
    return this.#child?.pid ?? 0
  }

  get address(): string {
    return `http://127.0.0.1:${this.port}`
  }

  /** Whether a proxy may still send requests there. */
  get answers(): boolean {
    return this.#answers && (this.#child?.running() ?? false)
  }

  async start(): Promise<void> {
    const { role, port, env, log, code } = this.#options
    const child = startChild(process.execPath, [...apiArguments, '--role', role], {
      cwd: code,
      // The next port may belong to another process of the installation.
      env: { CONTROL_PORT: '0', ...env, PORT: String(port) },
      stdio: ['ignore', log, log],
      orphanSignal: 'TERM',
    })
    this.#child = child
    if (role !== 'worker') await this.#listening(child)
    this.#answers = role !== 'worker' && child.running()
  }

  /** Kills the process as a power cut would. */
  async kill(): Promise<void> {
    this.#answers = false
    await this.#child?.stop(['SIGKILL'], 5_000)
  }

  async stop(): Promise<void> {
    this.#answers = false
    await this.#child?.stop(['SIGTERM'], 10_000)
  }

  async #listening(child: Child): Promise<void> {
    const end = Date.now() + 60_000
    while (child.running() && Date.now() < end) {
      const answer = await fetch(`${this.address}/livez`, { signal: AbortSignal.timeout(2_000) }).catch(() => undefined)
      await answer?.arrayBuffer()
      if (answer?.ok) return
      await wait(20)
    }
    // Some benches kill the process during its start; they start it again.
    if (child.running()) throw new CommandError(`An API process does not answer on port ${this.port} after a minute.`)
  }
}
