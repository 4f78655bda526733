import { randomUUID } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { mkdir, readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import type { ContentId } from '@veche/shared/ids'
import { AppError } from '../../errors.ts'
import { Semaphore } from '../../platform/Semaphore.ts'
import type { FileStorage } from './FileStorage.ts'
import { localError } from './storage-errors.ts'

/** Each may be as large as a file may be. */
const maxAtOnce = 2
/** One that is older was left by a process that was killed. */
const oldMs = 3_600_000

/** Originals of a bucket as files of this machine, while a program reads them. */
export class LocalCopies {
  readonly #storage: Pick<FileStorage, 'sizeOf' | 'read'>
  readonly #folder: string
  readonly #maxBytes: number
  readonly #turns = new Semaphore(maxAtOnce)

  constructor(
    storage: Pick<FileStorage, 'sizeOf' | 'read'>,
    { folder, maxBytes }: { folder: string; maxBytes: number },
  ) {
    this.#storage = storage
    this.#folder = folder
    this.#maxBytes = maxBytes
  }

  use<T>(id: ContentId, run: (path: string) => Promise<T>): Promise<T> {
    return this.#turns.run(async () => {
      const path = await this.#placeFor(id)
      try {
        const bytes = await this.#storage.read(id, 'original')
        await pipeline(bytes, createWriteStream(path, { mode: 0o600, flags: 'wx' })).catch(localError)
        return await run(path)
      } finally {
        await rm(path, { force: true })
      }
    })
  }

  async #placeFor(id: ContentId): Promise<string> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 }).catch(localError)
    await this.#removeOld()
    const size = await this.#storage.sizeOf(id, 'original')
    if (size === null) throw new AppError('file.not_found')
    if (size > this.#maxBytes) throw new AppError('file.too_large')
    return join(this.#folder, `${id}-${randomUUID()}`)
  }

  async #removeOld(): Promise<void> {
    for (const name of await readdir(this.#folder)) {
      const found = await stat(join(this.#folder, name)).catch(() => null)
      if (found && found.mtimeMs < Date.now() - oldMs) await rm(join(this.#folder, name), { force: true })
    }
  }
}
