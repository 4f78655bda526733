import type { ContentId, UserId } from '@veche/shared/ids'
import { type RawBuilder, sql } from 'kysely'
import { z } from 'zod'
import type { Deps } from '../deps.ts'
import { madeVariants } from './previews/previewable.ts'
import { isUnavailable } from './storage/storage-errors.ts'

/** An upload may wait so long until it is sent: a phone may be offline meanwhile. */
const unsentHours = 24
const maxAtOnce = 100

/** Deletes what no message holds any more, and uploads that were never sent. */
export async function deleteUnheldContents(deps: Deps, signal?: AbortSignal): Promise<void> {
  // What was announced takes room at once, so an upload must begin soon.
  const isOld = sql`(contents.sent_at is not null or contents.created_at < veche_now() - ${unsentHours} * interval '1 hour'
    or contents.received = 0 and contents.size > 0 and contents.created_at < veche_now() - interval '1 hour')`
  while (!signal?.aborted && (await discard(deps, isOld)) === maxAtOnce);
  while (!signal?.aborted && (await deleteDiscarded(deps)) === maxAtOnce);
}

/** Takes back an upload of this person. False when there is none, or a message holds it. */
export async function takeBackUpload(deps: Deps, id: ContentId, owner: UserId): Promise<boolean> {
  const found = await discard(deps, sql`contents.id = ${id} and contents.owner_id = ${owner}`)
  // If the storage is away, the sweep deletes it later.
  if (found > 0) await deleteDiscarded(deps, id).catch(ignoreUnavailable)
  return found > 0
}

/** Removes from the storage what no upload holds: its process was killed before it could note it. */
export async function removeUploadLeftovers({ db, fileStorage }: Deps): Promise<void> {
  await fileStorage.removeLeftovers(async (left) => {
    if (!isUuid(left.contentId)) return true
    const row = await db
      .selectFrom('contents')
      .select(['multipart_id', 'tail'])
      .where('id', '=', left.contentId)
      .where('discarded_at', 'is', null)
      .executeTakeFirst()
    return row !== undefined && ('tail' in left ? row.tail === left.tail : row.multipart_id === left.multipartId)
  })
}

const isUuid = (text: string) => z.uuid().safeParse(text).success

function ignoreUnavailable(error: unknown): void {
  if (!isUnavailable(error)) throw error
}

/**
 * From here on nobody can send them. A content that is being sent just now is locked, and stays. One that was sent since the search is
 * seen by the second statement. Returns how many there are.
 */
async function discard({ db }: Deps, which: RawBuilder<unknown>): Promise<number> {
  return db.transaction().execute(async (tx) => {
    const isUnheld = sql`not exists (select from files where files.content_id = contents.id)`
    const { rows } = await sql<{ id: ContentId }>`
      select contents.id from contents where contents.discarded_at is null and ${isUnheld} and ${which}
      limit ${maxAtOnce} for update skip locked`.execute(tx)
    const ids = rows.map(({ id }) => id)
    const { numAffectedRows = 0n } = await sql`
      update contents set discarded_at = veche_now() where contents.id = any(${ids}::uuid[]) and ${isUnheld}`.execute(
      tx,
    )
    return Number(numAffectedRows)
  })
}

/** The bytes go before the row: if this is interrupted, the row is still there to be found. */
async function deleteDiscarded({ db, fileStorage }: Deps, only?: ContentId): Promise<number> {
  let query = db.selectFrom('contents').select('id').where('discarded_at', 'is not', null).limit(maxAtOnce)
  if (only) query = query.where('id', '=', only)
  const ids = (await query.execute()).map(({ id }) => id)
  for (const id of ids) await fileStorage.remove(id, madeVariants)
  if (ids.length > 0) await db.deleteFrom('contents').where('id', 'in', ids).execute()
  return ids.length
}
