import type { Readable } from 'node:stream'
import { DataStore, ERRORS, Upload } from '@tus/server'
import type { ContentId } from '@veche/shared/ids'
import type { Ctx } from '../../ctx.ts'
import { completeContent } from '../contents.ts'
import { takeBackUpload } from '../unheld-contents.ts'
import { createUpload, requireDiskSpace } from './new-upload.ts'
import { UploadMovedOn, UploadProgress } from './UploadProgress.ts'

/** The uploads of one person, as `@tus/server` asks for them. Those of others are unknown to it. */
export class UploadStore extends DataStore {
  readonly #ctx: Ctx

  constructor(ctx: Ctx) {
    super()
    this.#ctx = ctx
    this.extensions = ['creation', 'termination']
  }

  override async create(upload: Upload): Promise<Upload> {
    await createUpload(this.#ctx, upload.id as ContentId, upload.size ?? 0)
    return upload
  }

  async has(id: string): Promise<boolean> {
    return (await UploadProgress.find(this.#ctx, id as ContentId, this.#ctx.actor.userId)) !== undefined
  }

  override async getUpload(id: string): Promise<Upload> {
    const { size, offset } = await this.#find(id)
    return new Upload({ id, size, offset })
  }

  override async write(stream: Readable, id: string, offset: number): Promise<number> {
    const upload = await this.#find(id)
    if (upload.isComplete || upload.offset !== offset) throw new UploadRefused(ERRORS.INVALID_OFFSET)
    await requireDiskSpace(this.#ctx, upload.size - offset)
    return await this.#ctx.fileStorage.write(upload, stream).catch((error: unknown) => {
      throw error instanceof UploadMovedOn ? new UploadRefused(ERRORS.INVALID_OFFSET) : error
    })
  }

  /** Only what no message holds may be taken back. */
  override async remove(id: string): Promise<void> {
    const isTakenBack = await takeBackUpload(this.#ctx, id as ContentId, this.#ctx.actor.userId)
    if (!isTakenBack) throw new UploadRefused(ERRORS.FILE_NOT_FOUND)
  }

  complete(id: string): Promise<void> {
    return completeContent(this.#ctx, id as ContentId, this.#ctx.actor.userId)
  }

  async #find(id: string): Promise<UploadProgress> {
    const found = await UploadProgress.find(this.#ctx, id as ContentId, this.#ctx.actor.userId)
    if (!found) throw new UploadRefused(ERRORS.FILE_NOT_FOUND)
    return found
  }
}

/** What the tus server answers with this status and body. */
class UploadRefused extends Error {
  readonly status_code: number
  readonly body: string
  constructor({ status_code, body }: { status_code: number; body: string }) {
    super(body)
    this.status_code = status_code
    this.body = body
  }
}
