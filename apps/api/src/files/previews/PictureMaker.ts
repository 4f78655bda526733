import { type ChildProcess, fork } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { Semaphore } from '../../platform/Semaphore.ts'
import type { Picture, PictureAnswer } from './picture-child.ts'

export type PictureLimits = { timeMs: number; memoryBytes: number; idleMs: number }

const usual: PictureLimits = { timeMs: 20_000, memoryBytes: 700_000_000, idleMs: 60_000 }
const watchMs = 100

/** The picture cannot be read, or costs too much: trying it again would not help. */
export class PictureRefused extends Error {}

/**
 * Makes the previews of pictures in a child process, one at a time. The child lives on for the next picture, since its start costs as
 * much as a picture; it is killed when a picture takes too long or too much memory.
 */
export class PictureMaker {
  readonly #limits: PictureLimits
  readonly #turn = new Semaphore(1)
  #child: ChildProcess | undefined
  #idleTimer: NodeJS.Timeout | undefined

  constructor(limits: PictureLimits = usual) {
    this.#limits = limits
  }

  /** Of the child, while there is one: for the benchmark. */
  get pid(): number | undefined {
    return this.#child?.pid
  }

  make(path: string): Promise<Picture> {
    return this.#turn.run(async () => {
      clearTimeout(this.#idleTimer)
      try {
        return await this.#ask(path)
      } finally {
        this.#idleTimer = setTimeout(() => this.close(), this.#limits.idleMs).unref()
      }
    })
  }

  close(): void {
    clearTimeout(this.#idleTimer)
    this.#child?.kill('SIGKILL')
    this.#child = undefined
  }

  #ask(path: string): Promise<Picture> {
    const child = (this.#child ??= startChild())
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => refuse('it took too long'), this.#limits.timeMs)
      const watch = setInterval(() => {
        void memoryOf(child).then((bytes) => bytes > this.#limits.memoryBytes && refuse('it took too much memory'))
      }, watchMs)
      const stop = () => {
        clearTimeout(timer)
        clearInterval(watch)
        child.removeAllListeners()
      }
      const refuse = (why: string) => {
        stop()
        this.close()
        reject(new PictureRefused(why))
      }
      child.once('exit', () => refuse('it ended the process that read it'))
      child.once('error', () => refuse('the process that reads pictures could not be started'))
      child.once('message', (answer: PictureAnswer) => {
        stop()
        if ('picture' in answer) resolve(answer.picture)
        else reject(new PictureRefused(answer.refusal))
      })
      child.send(path)
    })
  }
}

function startChild(): ChildProcess {
  const script = fileURLToPath(new URL('picture-child.ts', import.meta.url))
  // It needs nothing that this process knows: no secret is in its environment.
  const env = { MALLOC_ARENA_MAX: '2' }
  return fork(script, { env, serialization: 'advanced', stdio: 'ignore', execArgv: [] })
}

/** 0 when the process is gone, which its `exit` tells. */
async function memoryOf({ pid }: ChildProcess): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '')
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) * 1024
}
