import type { Readable } from 'node:stream'
import { DataStore, ERRORS, Upload } from '@tus/server'
import type { ContentId } from '@veche/shared/ids'
import type { Ctx } from '../../ctx.ts'
import { completeContent } from '../contents.ts'
import { takeBackUpload } from '../unheld-contents.ts'
import { createUpload, requireDiskSpace } from './new-upload.ts'

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

  override async getUpload(id: string): Promise<Upload> {
    const { size, received: offset } = await this.#find(id)
    return new Upload({ id, size, offset })
  }

  override async write(stream: Readable, id: string, offset: number): Promise<number> {
    const { completed_at, size } = await this.#find(id)
    if (completed_at) throw new UploadRefused(ERRORS.INVALID_OFFSET)
    await requireDiskSpace(this.#ctx, size - offset)
    return this.#ctx.fileStorage.write(id as ContentId, offset, stream, (received) => this.#note(id, offset, received))
  }

  /** Only what no message holds may be taken back. */
  override async remove(id: string): Promise<void> {
    const isTakenBack = await takeBackUpload(this.#ctx, id as ContentId, this.#ctx.actor.userId)
    if (!isTakenBack) throw new UploadRefused(ERRORS.FILE_NOT_FOUND)
  }

  complete(id: string): Promise<void> {
    return completeContent(this.#ctx, id as ContentId, this.#ctx.actor.userId)
  }

  async #find(id: string) {
    const found = await this.#ctx.db
      .selectFrom('contents')
      .select(['size', 'received', 'completed_at'])
      .where('id', '=', id as ContentId)
      .where('owner_id', '=', this.#ctx.actor.userId)
      .where('discarded_at', 'is', null)
      .executeTakeFirst()
    if (!found) throw new UploadRefused(ERRORS.FILE_NOT_FOUND)
    return found
  }

  /** Another process may have taken the upload on from the same place: what it has noted stays. */
  async #note(id: string, from: number, received: number): Promise<void> {
    const { numUpdatedRows } = await this.#ctx.db
      .updateTable('contents')
      .set({ received })
      .where('id', '=', id as ContentId)
      .where('received', '=', from)
      .where('completed_at', 'is', null)
      .executeTakeFirst()
    if (numUpdatedRows === 0n) throw new UploadRefused(ERRORS.INVALID_OFFSET)
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
