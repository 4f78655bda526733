import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { Semaphore } from '../../platform/Semaphore.ts'
import { PreviewRefused } from './refusals.ts'
import type { AvatarPicture } from './avatar-picture.ts'
import type { Picture, PictureAnswer, PictureQuestion } from './picture-child.ts'

export type PictureLimits = { timeMs: number; memoryBytes: number; idleMs: number }

const usual: PictureLimits = { timeMs: 10_000, memoryBytes: 700_000_000, idleMs: 60_000 }
/** For avatars. They have few pixels, so one that takes long waits for a busy machine. */
export const avatarLimits: PictureLimits = { timeMs: 30_000, memoryBytes: 400_000_000, idleMs: 30_000 }
const watchMs = 100

/**
 * Makes the previews of pictures in a child process, one at a time. The child lives on for the next picture, since its start costs as
 * much as a picture; it is killed when a picture takes too long or too much memory. That may be the fault of a busy machine, so such a
 * picture may be tried again.
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
    return this.#makeInTurn<Picture>(path)
  }

  makeAvatar(bytes: Uint8Array): Promise<AvatarPicture> {
    return this.#makeInTurn<AvatarPicture>({ avatar: bytes })
  }

  #makeInTurn<Made>(question: PictureQuestion): Promise<Made> {
    return this.#turn.run(async () => {
      clearTimeout(this.#idleTimer)
      try {
        return await this.#ask<Made>((this.#child ??= this.#startChild()), question)
      } finally {
        this.#idleTimer = globalThis.setTimeout(() => this.close(), this.#limits.idleMs).unref()
      }
    })
  }

  /** A picture that is being made fails, and may be made later. */
  close(): void {
    clearTimeout(this.#idleTimer)
    this.#child?.kill('SIGKILL')
    this.#child = undefined
  }

  async #ask<Made>(child: ChildProcess, question: PictureQuestion): Promise<Made> {
    const stop = new AbortController()
    const { signal } = stop
    try {
      const answered = once(child, 'message', { signal }).then(([answer]) => answer as PictureAnswer<Made>)
      const gone = once(child, 'exit', { signal }).then(() => fail('the process that read it ended'))
      const late = setTimeout(this.#limits.timeMs, undefined, { signal }).then(() => fail('it took too long'))
      const answer = new Promise<PictureAnswer<Made>>((resolve, reject) => {
        Promise.race([answered, gone, late, this.#untilTooLarge(child, signal)]).then(resolve, reject)
        child.send(question, (error) => error && reject(error))
      })
      const read = await answer
      if ('picture' in read) return read.picture
      throw new PreviewRefused(read.refusal)
    } catch (error) {
      if (!(error instanceof PreviewRefused) && this.#child === child) this.close()
      throw error
    } finally {
      stop.abort()
    }
  }

  async #untilTooLarge(child: ChildProcess, signal: AbortSignal): Promise<never> {
    for (;;) {
      if ((await memoryOf(child)) > this.#limits.memoryBytes) fail('it took too much memory')
      await setTimeout(watchMs, undefined, { signal })
    }
  }

  #startChild(): ChildProcess {
    const script = fileURLToPath(new URL('picture-child.ts', import.meta.url))
    // It needs nothing that this process knows: no secret is in its environment.
    const env = { MALLOC_ARENA_MAX: '2' }
    const child = fork(script, { env, serialization: 'advanced', stdio: 'ignore', execArgv: [] })
    const forget = () => {
      if (this.#child === child) this.#child = undefined
    }
    return child.on('exit', forget).on('error', forget)
  }
}

function fail(why: string): never {
  throw new Error(why)
}

/** 0 when the process is gone, which its `exit` tells. */
async function memoryOf({ pid }: ChildProcess): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '')
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) * 1024
}
