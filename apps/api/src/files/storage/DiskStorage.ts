import { once } from 'node:events'
import { createReadStream } from 'node:fs'
import { type FileHandle, mkdir, open, rename, rm, stat, statfs } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Readable } from 'node:stream'
import type { ContentId } from '@veche/shared/ids'
import { AppError } from '../../errors.ts'
import type { UploadProgress } from '../uploads/UploadProgress.ts'
import type { ByteRange, FileStorage, Variant } from './FileStorage.ts'
import { localError } from './storage-errors.ts'

/** The bytes of all contents, in folders by the last two characters of their id, since the first ones are a time. */
export class DiskStorage implements FileStorage {
  readonly #folder: string

  constructor(folder: string) {
    this.#folder = folder
  }

  async create(id: ContentId): Promise<void> {
    await mkdir(dirname(this.path(id)), { recursive: true, mode: 0o700 }).catch(diskError)
    const file = await open(this.path(id), 'w', 0o600).catch(diskError)
    await file.close()
  }

  async write(upload: UploadProgress, chunks: AsyncIterable<Buffer>): Promise<number> {
    const file = await open(this.path(upload.id), 'r+').catch(diskError)
    let received = upload.offset
    try {
      for await (const chunk of chunks) {
        await writeAll(file, chunk, received).catch(diskError)
        received += chunk.length
      }
    } finally {
      try {
        if (received > upload.offset) {
          await file.datasync().catch(diskError)
          await upload.note(received)
        }
      } finally {
        await file.close()
      }
    }
    return received
  }

  async finish(): Promise<void> {}

  async writeVariant(id: ContentId, variant: Variant, bytes: Uint8Array): Promise<void> {
    const path = this.path(id, variant)
    const file = await open(`${path}.new`, 'w', 0o600).catch(diskError)
    try {
      await file.writeFile(bytes).catch(diskError)
      await file.datasync().catch(diskError)
    } catch (error) {
      // On a full disk, half a preview would take room until the next try.
      await rm(`${path}.new`, { force: true })
      throw error
    } finally {
      await file.close()
    }
    await rename(`${path}.new`, path)
  }

  /** Takes a file that was made on this machine, and flushes it. */
  async moveToVariant(id: ContentId, variant: Variant, from: string): Promise<void> {
    const file = await open(from, 'r')
    try {
      await file.datasync().catch(diskError)
    } finally {
      await file.close()
    }
    await rename(from, this.path(id, variant))
  }

  async read(id: ContentId, variant: Variant, range?: ByteRange): Promise<Readable> {
    const stream = createReadStream(this.path(id, variant), range)
    await once(stream, 'open').catch(diskError)
    return stream
  }

  async sizeOf(id: ContentId, variant: Variant): Promise<number | null> {
    const found = await stat(this.path(id, variant)).catch(() => null)
    return found?.size ?? null
  }

  withLocalCopy<T>(id: ContentId, run: (path: string) => Promise<T>): Promise<T> {
    return run(this.path(id))
  }

  async remove(id: ContentId, variants: readonly Variant[]): Promise<void> {
    for (const variant of ['original' as const, ...variants]) await rm(this.path(id, variant), { force: true })
  }

  async removeVariant(id: ContentId, variant: Variant): Promise<void> {
    await rm(this.path(id, variant), { force: true })
  }

  async space(): Promise<{ free: number; total: number }> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 })
    const { bavail, blocks, bsize } = await statfs(this.#folder)
    return { free: bavail * bsize, total: blocks * bsize }
  }

  async signedUrl(): Promise<null> {
    return null
  }

  async removeLeftovers(): Promise<void> {}

  async close(): Promise<void> {}

  path(id: ContentId, variant: Variant = 'original'): string {
    return join(this.#folder, id.slice(-2), variant === 'original' ? id : `${id}.${variant}`)
  }
}

async function writeAll(file: FileHandle, chunk: Buffer, at: number): Promise<void> {
  for (let done = 0; done < chunk.length;) {
    const { bytesWritten } = await file.write(chunk, done, chunk.length - done, at + done)
    done += bytesWritten
  }
}

function diskError(error: NodeJS.ErrnoException): never {
  if (error.code === 'ENOENT') throw new AppError('file.not_found')
  return localError(error)
}
