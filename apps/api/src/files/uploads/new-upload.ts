import type { ContentId } from '@veche/shared/ids'
import { sql } from 'kysely'
import type { Ctx } from '../../ctx.ts'
import { must } from '../../errors.ts'
import { inTransaction } from '../../platform/transaction.ts'

/** Makes room for an upload of mine. What I have uploaded or begun to upload counts, whether it was sent or not. */
export async function createUpload(ctx: Ctx, id: ContentId, size: number): Promise<void> {
  must(size <= ctx.env.FILE_MAX_BYTES, 'file.too_large')
  await requireDiskSpace(ctx, size)
  await inTransaction(ctx, async (tx) => {
    const me = ctx.actor.userId
    // Two uploads at once must not pass the limit together.
    await tx.db.selectFrom('users').select('id').where('id', '=', me).forNoKeyUpdate().executeTakeFirstOrThrow()
    const { used } = await tx.db
      .selectFrom('contents')
      .select(sql<number>`coalesce(sum(size), 0)::float8`.as('used'))
      .where('owner_id', '=', me)
      .executeTakeFirstOrThrow()
    must(used + size <= ctx.env.PERSON_MAX_BYTES, 'file.quota_full')
    await tx.db.insertInto('contents').values({ id, owner_id: me, size }).execute()
    // Before the commit: what the storage does not take counts for nobody.
    await ctx.fileStorage.create(id)
  })
}

/** A part of the disk stays free, so that text goes on when files have filled the rest. */
export async function requireDiskSpace({ fileStorage, env }: Ctx, bytes: number): Promise<void> {
  const space = await fileStorage.space()
  if (!space) return
  const { free, total } = space
  must(free - bytes >= (total * env.FILES_DISK_RESERVE_PERCENT) / 100, 'file.disk_full')
}
