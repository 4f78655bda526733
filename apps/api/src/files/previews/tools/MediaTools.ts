import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import type { Logger } from '../../../platform/logger.ts'
import { KeyedSemaphore } from '../../../platform/Semaphore.ts'
import { PreviewRefused, ToolMissing } from '../refusals.ts'
import { limiter, type ToolLimits, ToolRun } from './ToolRun.ts'

/** The programs, each with the package of Debian that brings it. */
export const toolPackages = {
  ffmpeg: 'ffmpeg',
  ffprobe: 'ffmpeg',
  'heif-convert': 'libheif-examples',
  pdftocairo: 'poppler-utils',
} as const
export type ToolName = keyof typeof toolPackages

const ownPrefix = `${hostname()}-`
const dayMs = 86_400_000
const places = ['/usr/local/bin', '/usr/bin', '/bin']

const usual: ToolLimits = {
  timeMs: 30_000,
  memoryBytes: 1_500_000_000,
  fileBytes: 200_000_000,
  outputBytes: 10_000_000,
}

/** `signal`: nobody wants the result any more. */
export type ToolOptions = Partial<ToolLimits> & { onOutput?: (bytes: Buffer) => void; signal?: AbortSignal }

/** The outside programs that read what sharp does not. One of each queue runs at a time. */
export class MediaTools {
  readonly #folder: string
  readonly #log: Logger
  readonly #places: readonly string[]
  readonly #queues = new KeyedSemaphore(1)
  readonly #runs = new Set<ToolRun>()
  #hasWarned = false

  constructor(folder: string, log: Logger, from: readonly string[] = places) {
    this.#folder = folder
    this.#log = log
    this.#places = from
  }

  /** `work` has a folder of its own, which is removed afterwards. */
  async inFolder<T>(queue: string, work: (folder: string) => Promise<T>): Promise<T> {
    return this.#queues.run(queue, async () => {
      await mkdir(this.#folder, { recursive: true, mode: 0o700 })
      const folder = await mkdtemp(join(this.#folder, `${ownPrefix}${process.pid}-`))
      try {
        return await work(folder)
      } finally {
        await rm(folder, { recursive: true, force: true })
      }
    })
  }

  /** Answers with what it printed, unless `onOutput` takes that. */
  async run(name: ToolName, args: readonly string[], folder: string, options: ToolOptions = {}): Promise<Buffer> {
    const path = this.#find(name)
    if (!path || !existsSync(limiter)) {
      this.warnOfMissing()
      throw new ToolMissing(missingSentence([path ? 'util-linux' : toolPackages[name]]))
    }
    const printed: Buffer[] = []
    const { onOutput = (bytes) => void printed.push(bytes), signal, ...limits } = options
    const run = new ToolRun({ path, args, folder, limits: { ...usual, ...limits }, onOutput })
    this.#runs.add(run)
    const stop = () => run.kill(new PreviewRefused('it is not wanted any more'))
    signal?.addEventListener('abort', stop)
    if (signal?.aborted) stop()
    try {
      await run.ended
      return Buffer.concat(printed)
    } finally {
      this.#runs.delete(run)
      signal?.removeEventListener('abort', stop)
    }
  }

  /** Says once which packages are missing. */
  warnOfMissing(): void {
    const missing = Object.entries(toolPackages).filter(([name]) => !this.#find(name as ToolName))
    if (missing.length === 0 || this.#hasWarned) return
    this.#hasWarned = true
    this.#log.warn(missingSentence(missing.map(([, name]) => name)))
  }

  /**
   * Removes what a process that was killed has left behind. Another one of this machine may be at work, or one of another machine on the
   * same disk.
   */
  async removeAbandoned(): Promise<void> {
    for (const name of await readdir(this.#folder).catch(() => []))
      if (await this.#isAbandoned(name)) await rm(join(this.#folder, name), { recursive: true, force: true })
  }

  async #isAbandoned(name: string): Promise<boolean> {
    if (name.startsWith(ownPrefix)) return !isRunning(Number.parseInt(name.slice(ownPrefix.length)))
    const found = await stat(join(this.#folder, name)).catch(() => null)
    return found !== null && Date.now() - found.mtimeMs > dayMs
  }

  /** What is being made fails, and may be made again. */
  stopRuns(): void {
    for (const run of this.#runs) run.kill(new Error('the worker stopped'))
  }

  #find(name: ToolName): string | undefined {
    return this.#places.map((place) => join(place, name)).find((path) => existsSync(path))
  }
}

function missingSentence(packages: readonly string[]): string {
  const names = [...new Set(packages)].join(' ')
  return `Programs that make previews are missing: "apt-get install --no-install-recommends ${names}" brings them.`
}

/** This process has just started: what bears its number was left by another one, as happens in containers. */
function isRunning(pid: number): boolean {
  if (!(pid > 0) || pid === process.pid) return false
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
