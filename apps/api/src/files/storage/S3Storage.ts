import { createHash, randomUUID } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { ContentId } from '@veche/shared/ids'
import type { S3Settings } from '../../env.ts'
import { AppError } from '../../errors.ts'
import { type Clock, systemClock } from '../../platform/clock.ts'
import type { Logger } from '../../platform/logger.ts'
import type { UploadProgress } from '../uploads/UploadProgress.ts'
import type { ByteRange, FileStorage, Leftover, SignedDownload, Variant } from './FileStorage.ts'
import { LocalCopies } from './LocalCopies.ts'
import { objectKey, readTailKey, tailFolder, tailKey } from './s3-keys.ts'
import { S3Client, S3Refused, type S3Times } from './S3Client.ts'
import { listObjects, listUploads } from './s3-lists.ts'
import { encode, textOf } from './s3-xml.ts'
import { Spool } from './Spool.ts'
import { localError, unavailable } from './storage-errors.ts'

export type S3StorageOptions = {
  settings: S3Settings
  folder: string
  log: Logger
  clock?: Clock
  times?: S3Times
  maxCopyBytes?: number
}

/** S3 takes no smaller part, but for the last one. */
export const minPartBytes = 5 * 1024 * 1024
/** What is younger may belong to an upload whose row is just being written. */
const leftoverMs = 86_400_000

/**
 * Contents in a bucket. An upload is a multipart upload, so that any process can go on with it: what a broken piece has brought is a part
 * when it is large enough, and else a small object beside, the tail, which begins the next part. Decision 0020 says more.
 */
export class S3Storage implements FileStorage {
  readonly #client: S3Client
  readonly #folder: string
  readonly #clock: Clock
  readonly #copies: LocalCopies

  constructor({ settings, folder, log, clock = systemClock, times, maxCopyBytes = Infinity }: S3StorageOptions) {
    this.#client = new S3Client(settings, log, times)
    this.#folder = folder
    this.#clock = clock
    this.#copies = new LocalCopies(this, { folder: join(folder, 'copies'), maxBytes: maxCopyBytes })
  }

  async create(): Promise<void> {}

  /** While S3 is away this is found out before the sender has sent all in vain. */
  async write(upload: UploadProgress, chunks: AsyncIterable<Buffer>): Promise<number> {
    if (this.#client.isAway) await this.sizeOf(upload.id, 'original')
    const multipartId = upload.multipartId ?? (await this.#begin(upload))
    const spool = await Spool.open(join(this.#folder, 'spool')).catch(localError)
    try {
      if (upload.tail) await this.#appendTail(upload, upload.tail, spool)
      const kept = spool.size
      let broken: Error | undefined
      try {
        for await (const chunk of chunks) await spool.append(chunk).catch(localError)
      } catch (error) {
        broken = error as Error
      }
      const received = upload.offset + spool.size - kept
      if (received > upload.offset) await this.#keep(upload, { spool, multipartId, received })
      if (broken) throw broken
      return received
    } finally {
      await spool.close()
    }
  }

  async finish(upload: UploadProgress): Promise<void> {
    const { id, size, multipartId } = upload
    if (size === 0) return void (await this.#put(id, Buffer.alloc(0)))
    const parts = (await upload.parts()).map(
      ({ number, etag }) => `<Part><PartNumber>${number}</PartNumber><ETag>${encode(etag)}</ETag></Part>`,
    )
    const xml = `<CompleteMultipartUpload>${parts.join('')}</CompleteMultipartUpload>`
    const request = { method: 'POST' as const, key: id, query: { uploadId: multipartId ?? '' } }
    try {
      const body = bodyOf(Buffer.from(xml))
      const { text } = await this.#client.ask({ ...request, body, isLong: true })
      // S3 may have begun to answer before it failed.
      const code = textOf(text, 'Code')
      if (code !== undefined) throw new S3Refused(200, code)
    } catch (error) {
      // Another process was faster, or this one was killed before it could say so.
      if (!(error instanceof S3Refused) || (await this.sizeOf(id, 'original')) !== size) throw unfinished(error)
    }
  }

  async writeVariant(id: ContentId, variant: Variant, bytes: Uint8Array): Promise<void> {
    await this.#put(objectKey(id, variant), Buffer.from(bytes))
  }

  async moveToVariant(id: ContentId, variant: Variant, from: string): Promise<void> {
    const hash = createHash('sha256')
    await pipeline(createReadStream(from), hash)
    const { size } = await stat(from)
    const body = { stream: () => createReadStream(from), size, sha256: hash.digest('hex') }
    await this.#client.ask({ method: 'PUT', key: objectKey(id, variant), body, isLong: true })
    await rm(from, { force: true })
  }

  async read(id: ContentId, variant: Variant, range?: ByteRange): Promise<Readable> {
    const headers: Record<string, string> = range ? { range: `bytes=${range.start}-${range.end}` } : {}
    return await this.#client.open({ method: 'GET', key: objectKey(id, variant), headers }).catch(notFound)
  }

  async sizeOf(id: ContentId, variant: Variant): Promise<number | null> {
    try {
      const { headers } = await this.#client.ask({ method: 'HEAD', key: objectKey(id, variant) })
      return Number(headers['content-length'])
    } catch (error) {
      if (error instanceof S3Refused && error.status === 404) return null
      throw error
    }
  }

  withLocalCopy<T>(id: ContentId, run: (path: string) => Promise<T>): Promise<T> {
    return this.#copies.use(id, run)
  }

  async remove(id: ContentId, variants: readonly Variant[]): Promise<void> {
    for await (const { uploadId } of listUploads(this.#client, id)) await this.#abort(id, uploadId)
    for (const variant of ['original' as const, ...variants]) await this.removeVariant(id, variant)
    for await (const { key } of listObjects(this.#client, `${tailFolder}${id}`)) await this.#delete(key)
  }

  removeVariant(id: ContentId, variant: Variant): Promise<void> {
    return this.#delete(objectKey(id, variant))
  }

  /** The bucket has room, or its operator sees to it. */
  async space(): Promise<null> {
    return null
  }

  signedUrl({ id, variant, mime, disposition }: SignedDownload, now: number): Promise<string> {
    const query = { 'response-content-type': mime, 'response-content-disposition': disposition }
    return this.#client.presign(objectKey(id, variant), query, now)
  }

  async removeLeftovers(isHeld: (left: Leftover) => Promise<boolean>): Promise<void> {
    // A date that cannot be read counts as young.
    const isYoung = (since: number) => !(since < this.#clock.now() - leftoverMs)
    for await (const { key, uploadId, since } of listUploads(this.#client, '')) {
      const contentId = key as ContentId
      if (!isYoung(since) && !(await isHeld({ contentId, multipartId: uploadId }))) await this.#abort(key, uploadId)
    }
    for await (const { key, since } of listObjects(this.#client, tailFolder)) {
      if (!isYoung(since) && !(await isHeld(readTailKey(key)))) await this.#delete(key)
    }
  }

  close(): Promise<void> {
    return this.#client.close()
  }

  /** Two that begin at the same time go on with the one that was noted first. */
  async #begin(upload: UploadProgress): Promise<string> {
    const request = { method: 'POST' as const, key: upload.id, query: { uploads: '' } }
    const { text } = await this.#client.ask(request)
    const begun = textOf(text, 'UploadId')
    if (!begun) throw new Error('S3 has begun an upload without an id')
    const noted = await upload.beginMultipart(begun)
    if (noted !== begun) await this.#abort(upload.id, begun)
    if (!noted) throw new AppError('file.not_found')
    return noted
  }

  async #appendTail(upload: UploadProgress, tail: string, spool: Spool): Promise<void> {
    const request = { method: 'GET' as const, key: tailKey(upload.id, tail) }
    const chunks: AsyncIterable<Buffer> = await this.#client.open(request).catch(notFound)
    for await (const chunk of chunks) await spool.append(chunk).catch(localError)
    if (spool.size !== (await upload.tailBytes()))
      throw unavailable(new Error('a tail has another length than was noted'))
  }

  async #keep(upload: UploadProgress, { spool, multipartId, received }: Piece): Promise<void> {
    const { id, tail: oldTail } = upload
    const body = { stream: () => spool.stream(), size: spool.size, sha256: spool.sha256 }
    if (spool.size >= minPartBytes || received === upload.size) {
      // Each attempt has a number of its own: one that comes too late overwrites nothing.
      const number = await upload.claimPart()
      const query = { partNumber: String(number), uploadId: multipartId }
      const request = { method: 'PUT' as const, key: id, query, body, isLong: true }
      const { headers } = await this.#client.ask(request).catch(notFound)
      await upload.note(received, { part: { number, etag: String(headers['etag']), bytes: spool.size }, tail: null })
    } else {
      const tail = randomUUID()
      await this.#client.ask({ method: 'PUT', key: tailKey(id, tail), body, isLong: true })
      try {
        await upload.note(received, { tail })
      } catch (error) {
        await this.#delete(tailKey(id, tail)).catch(() => undefined)
        throw error
      }
    }
    // If this fails, the sweep finds it.
    if (oldTail) await this.#delete(tailKey(id, oldTail)).catch(() => undefined)
  }

  async #put(key: string, bytes: Buffer): Promise<void> {
    await this.#client.ask({ method: 'PUT', key, body: bodyOf(bytes), isLong: true })
  }

  async #abort(key: string, uploadId: string): Promise<void> {
    await this.#client.ask({ method: 'DELETE', key, query: { uploadId } }).catch(ignoreMissing)
  }

  async #delete(key: string): Promise<void> {
    await this.#client.ask({ method: 'DELETE', key }).catch(ignoreMissing)
  }
}

type Piece = { spool: Spool; multipartId: string; received: number }

function bodyOf(bytes: Buffer) {
  return { stream: () => bytes, size: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') }
}

/** Of a request for something that was removed meanwhile. */
function notFound(error: unknown): never {
  throw error instanceof S3Refused && error.status === 404 ? new AppError('file.not_found') : error
}

function ignoreMissing(error: unknown): void {
  if (!(error instanceof S3Refused && error.status === 404)) throw error
}

function unfinished(error: unknown): Error {
  return error instanceof S3Refused && error.code === 'NoSuchUpload' ? new AppError('file.not_found') : (error as Error)
}
