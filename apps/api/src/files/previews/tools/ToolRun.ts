import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { diskFull } from '../../storage/storage-errors.ts'
import { LimitExceeded, PreviewRefused } from '../refusals.ts'

export type ToolLimits = {
  timeMs: number
  /** Of address space, which the system refuses to exceed. */
  memoryBytes: number
  /** Of each file that it writes. */
  fileBytes: number
  /** Of what it prints. */
  outputBytes: number
}

export type Tool = {
  path: string
  args: readonly string[]
  /** Where it runs, and all that it may write to. */
  folder: string
  limits: ToolLimits
  /** What it prints, as it comes. */
  onOutput: (bytes: Buffer) => void
}

const maxErrorLength = 2_000

/**
 * One run of an outside program on a file that anybody may have sent. It knows nothing of this process, takes what is left of the
 * processor, and is killed with all that it has started when it exceeds a limit, or when this process is gone.
 */
export class ToolRun {
  /** Rejects when it failed. It has ended by then, whatever the reason. */
  readonly ended: Promise<void>
  readonly #tool: Tool
  readonly #child: ChildProcess
  #printed = 0
  #errors = ''
  #killedBecause: Error | undefined

  constructor(tool: Tool) {
    this.#tool = tool
    this.#child = spawn(limiter, [...limitsOf(tool.limits), tool.path, ...tool.args], {
      cwd: tool.folder,
      detached: true,
      env: { PATH: '/usr/bin:/bin', LANG: 'C.UTF-8', HOME: tool.folder, TMPDIR: tool.folder, MALLOC_ARENA_MAX: '2' },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.#child.stdout!.on('data', (bytes: Buffer) => this.#read(bytes))
    this.#child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      this.#errors = (this.#errors + text).slice(0, maxErrorLength)
    })
    this.ended = this.#wait()
  }

  kill(why: Error): void {
    this.#killedBecause ??= why
    this.#signal()
  }

  async #wait(): Promise<void> {
    const timer = setTimeout(() => this.kill(new LimitExceeded('it took too long')), this.#tool.limits.timeMs)
    try {
      const [code, signal] = (await once(this.#child, 'close')) as [number | null, NodeJS.Signals | null]
      if (this.#killedBecause) throw this.#killedBecause
      if (signal === 'SIGXCPU' || signal === 'SIGKILL') throw new LimitExceeded('it took too long')
      // That is not the fault of the file.
      if (code !== 0 && this.#errors.includes('No space left on device')) throw diskFull()
      if (code !== 0) throw new PreviewRefused(this.#firstError() || `it ended with ${signal ?? code}`)
    } finally {
      clearTimeout(timer)
      // What it has started may have outlived it.
      this.#signal()
    }
  }

  #read(bytes: Buffer): void {
    if (this.#killedBecause) return
    this.#printed += bytes.length
    if (this.#printed > this.#tool.limits.outputBytes) return this.kill(new LimitExceeded('it printed too much'))
    this.#tool.onOutput(bytes)
  }

  #signal(): void {
    try {
      if (this.#child.pid) process.kill(-this.#child.pid, 'SIGKILL')
    } catch {
      // Nobody of its group is left.
    }
  }

  /** The cause comes first. Without paths, which say nothing to an administrator. */
  #firstError(): string {
    const lines = this.#errors.split('\n').map((line) => line.replace(/^\[.*? @ 0x\w+\] /, '').trim())
    const first = lines.find((line) => line !== '') ?? ''
    return first.replaceAll(/(?<=^|[\s'"(])(file:)?\/[^\s:'")]+/g, 'the file').slice(0, 200)
  }
}

export const limiter = '/usr/bin/setpriv'

/** Each of these programs becomes the next one, so that all of them are one process. */
function limitsOf({ timeMs, memoryBytes, fileBytes }: ToolLimits): string[] {
  const cpuSeconds = Math.ceil(timeMs / 1_000) + 1
  const limits = [`--as=${memoryBytes}`, `--cpu=${cpuSeconds}`, `--fsize=${fileBytes}`, '--core=0', '--nofile=64']
  return ['--pdeathsig', 'KILL', '--', 'prlimit', ...limits, 'nice', '-n', '10']
}
