import type { ContentId, UserId } from '@veche/shared/ids'
import { sql } from 'kysely'
import type { Deps } from '../../deps.ts'

export type UploadPart = { number: number; etag: string; bytes: number }
/** What has changed beside the offset, in a storage that keeps parts. */
export type KeptPiece = { part?: UploadPart; tail: string | null }

type Row = {
  size: number
  received: number
  multipart_id: string | null
  tail: string | null
  completed_at: Date | null
}

/** Another process has taken the upload on from the same place. */
export class UploadMovedOn extends Error {}

/** How far an upload has come, as Postgres knows it. A storage notes what it has kept, and nothing else counts as received. */
export class UploadProgress {
  readonly id: ContentId
  readonly #db: Deps['db']
  readonly #row: Row

  /** Undefined when this person has no such upload. */
  static async find({ db }: Pick<Deps, 'db'>, id: ContentId, owner: UserId): Promise<UploadProgress | undefined> {
    const row = await db
      .selectFrom('contents')
      .select(['size', 'received', 'multipart_id', 'tail', 'completed_at'])
      .where('id', '=', id)
      .where('owner_id', '=', owner)
      .where('discarded_at', 'is', null)
      .executeTakeFirst()
    return row && new UploadProgress(db, id, row)
  }

  private constructor(db: Deps['db'], id: ContentId, row: Row) {
    this.#db = db
    this.id = id
    this.#row = row
  }

  get size(): number {
    return this.#row.size
  }

  /** Up to where the bytes are kept. */
  get offset(): number {
    return this.#row.received
  }

  get isComplete(): boolean {
    return this.#row.completed_at !== null
  }

  get multipartId(): string | null {
    return this.#row.multipart_id
  }

  /** The name of what is kept and is no part yet. */
  get tail(): string | null {
    return this.#row.tail
  }

  /** Returns the one that was noted first. Undefined when the upload is gone. */
  async beginMultipart(multipartId: string): Promise<string | undefined> {
    const { rows } = await sql<{ multipart_id: string }>`
      update contents set multipart_id = coalesce(multipart_id, ${multipartId})
      where id = ${this.id} and discarded_at is null and completed_at is null
      returning multipart_id`.execute(this.#db)
    return rows[0]?.multipart_id
  }

  /** A number that no other attempt has, and that is above all earlier ones. */
  async claimPart(): Promise<number> {
    const { rows } = await sql<{ last_part: number }>`
      update contents set last_part = last_part + 1
      where id = ${this.id} and received = ${this.offset} and discarded_at is null and completed_at is null
      returning last_part`.execute(this.#db)
    if (!rows[0]) throw new UploadMovedOn()
    return rows[0].last_part
  }

  /** What another process has noted meanwhile stays. */
  async note(received: number, { part, tail }: KeptPiece = { tail: null }): Promise<void> {
    await this.#db.transaction().execute(async (tx) => {
      const { numUpdatedRows } = await tx
        .updateTable('contents')
        .set({ received, tail })
        .where('id', '=', this.id)
        .where('received', '=', this.offset)
        .where('discarded_at', 'is', null)
        .where('completed_at', 'is', null)
        .executeTakeFirst()
      if (numUpdatedRows === 0n) throw new UploadMovedOn()
      if (part)
        await tx
          .insertInto('upload_parts')
          .values({ content_id: this.id, ...part })
          .execute()
    })
  }

  async parts(): Promise<UploadPart[]> {
    return await this.#db
      .selectFrom('upload_parts')
      .select(['number', 'etag', 'bytes'])
      .where('content_id', '=', this.id)
      .orderBy('number')
      .execute()
  }

  async tailBytes(): Promise<number> {
    const parts = await this.parts()
    return this.offset - parts.reduce((sum, { bytes }) => sum + bytes, 0)
  }
}
