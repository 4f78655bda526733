import type { ErrorCode, LimitBytes } from '@veche/shared/errors'
import type { ContentId } from '@veche/shared/ids'
import { limits } from '@veche/shared/limits'
import { sql } from 'kysely'
import type { Ctx, Tx } from '../../ctx.ts'
import { fail, must } from '../../errors.ts'
import { inTransaction } from '../../platform/transaction.ts'
import { diskFull } from '../storage/storage-errors.ts'
import { maxBytesOfAll, readDiskSpace, readTotalUse, reservedBytes, usedBy } from '../use.ts'

/** Makes room for an upload of mine. What I have uploaded or begun to upload counts, whether it was sent or not. */
export async function createUpload(ctx: Ctx, id: ContentId, size: number): Promise<void> {
  const { FILE_MAX_BYTES, PERSON_MAX_BYTES } = ctx.env
  requireRoom({ used: 0, max: FILE_MAX_BYTES }, size, 'file.too_large')
  await requireDiskSpace(ctx, size)
  const maxOfAll = maxBytesOfAll(ctx, await readDiskSpace(ctx))
  await inTransaction(ctx, async (tx) => {
    await lockUse(tx)
    await requireFewUnsent(tx)
    requireRoom({ used: await usedBy(tx, ctx.actor.userId), max: PERSON_MAX_BYTES }, size, 'file.quota_full')
    if (maxOfAll !== null)
      requireRoom({ used: (await readTotalUse(tx)).bytes, max: maxOfAll }, size, 'file.storage_full')
    await tx.db.insertInto('contents').values({ id, owner_id: ctx.actor.userId, size }).execute()
    // Before the commit: what the storage does not take counts for nobody.
    await ctx.fileStorage.create(id)
  })
}

/** A part of the disk stays free, so that text goes on when files have filled the rest. */
export async function requireDiskSpace(ctx: Pick<Ctx, 'fileStorage' | 'env'>, bytes: number): Promise<void> {
  const space = await readDiskSpace(ctx)
  if (space && space.free - bytes < reservedBytes(ctx, space)) throw diskFull()
}

/** Two uploads at once, of one person or of two, must not pass a limit together. The lock is held for milliseconds. */
async function lockUse({ db }: Tx): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtext('files'))`.execute(db)
}

/** Files without bytes take none of the other limits. */
async function requireFewUnsent({ db, actor }: Tx): Promise<void> {
  const { count } = await db
    .selectFrom('contents')
    .select(sql<number>`count(*)::int`.as('count'))
    .where('owner_id', '=', actor.userId)
    .where('sent_at', 'is', null)
    .executeTakeFirstOrThrow()
  must(count < limits.file.unsent, 'file.too_many_unsent')
}

function requireRoom(bytes: LimitBytes, size: number, code: ErrorCode): void {
  if (bytes.used + size > bytes.max) fail(code, { bytes })
}
