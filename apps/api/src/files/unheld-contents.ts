import type { ContentId } from '@veche/shared/ids'
import { sql } from 'kysely'
import type { Deps } from '../deps.ts'
import { previewSides } from './previews/previewable.ts'

/** An upload may wait so long until it is sent: a phone may be offline meanwhile. */
const unsentHours = 24
const maxAtOnce = 100

/** Deletes what no message holds any more, and uploads that were never sent. */
export async function deleteUnheldContents(deps: Deps, signal?: AbortSignal): Promise<void> {
  while (!signal?.aborted && (await deleteSome(deps)) === maxAtOnce);
}

/**
 * The bytes go before the row: if the worker is killed between the two, the row is still there to be found. Somebody who sends one of
 * these has locked it, and it stays.
 */
async function deleteSome({ db, fileStorage }: Deps): Promise<number> {
  return db.transaction().execute(async (tx) => {
    const { rows } = await sql<{ id: ContentId }>`
      select contents.id from contents
      where not exists (select from files where files.content_id = contents.id)
        and (contents.sent_at is not null or contents.created_at < veche_now() - ${unsentHours} * interval '1 hour')
      limit ${maxAtOnce} for update skip locked`.execute(tx)
    for (const { id } of rows) await fileStorage.remove(id, previewSides)
    const ids = rows.map(({ id }) => id)
    if (ids.length > 0) await tx.deleteFrom('contents').where('id', 'in', ids).execute()
    return ids.length
  })
}
