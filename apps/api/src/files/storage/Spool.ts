import { createHash, type Hash, randomUUID } from 'node:crypto'
import { type FileHandle, mkdir, open, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import type { Readable } from 'node:stream'

/** Bytes that wait on the local disk until they are a part of S3. The file has no name, so it is gone with the process. */
export class Spool {
  readonly #file: FileHandle
  readonly #hash: Hash = createHash('sha256')
  #size = 0

  static async open(folder: string): Promise<Spool> {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    const path = join(folder, randomUUID())
    const file = await open(path, 'wx+', 0o600)
    await unlink(path)
    return new Spool(file)
  }

  private constructor(file: FileHandle) {
    this.#file = file
  }

  get size(): number {
    return this.#size
  }

  get sha256(): string {
    return this.#hash.copy().digest('hex')
  }

  async append(chunk: Buffer): Promise<void> {
    for (let done = 0; done < chunk.length;) {
      const { bytesWritten } = await this.#file.write(chunk, done, chunk.length - done, this.#size + done)
      done += bytesWritten
    }
    this.#hash.update(chunk)
    this.#size += chunk.length
  }

  /** From the beginning; a second time when it is sent again. */
  stream(): Readable {
    return this.#file.createReadStream({ start: 0, end: this.#size - 1, autoClose: false })
  }

  close(): Promise<void> {
    return this.#file.close()
  }
}
