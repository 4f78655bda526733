import { createHash } from 'node:crypto'
import type { ContentId, UserId } from '@veche/shared/ids'
import type { Deps } from '../deps.ts'
import { sqlNow } from '../platform/clock.ts'
import { previewKindOf } from './previews/previewable.ts'
import { sniffMime } from './sniff-mime.ts'

/**
 * Reads an upload that has all its bytes once more: what it is, and its hash. Whoever finds it so does this, one after the
 * other; twice is the same as once.
 */
export function completeContent(deps: Deps, id: ContentId, owner: UserId): Promise<void> {
  return deps.gates.content.run(id, () => completeUnlessDone(deps, id, owner))
}

async function completeUnlessDone(deps: Deps, id: ContentId, owner: UserId): Promise<void> {
  const content = await deps.db
    .selectFrom('contents')
    .select(['size', 'received', 'completed_at'])
    .where('id', '=', id)
    .where('owner_id', '=', owner)
    .where('discarded_at', 'is', null)
    .executeTakeFirst()
  if (!content || content.completed_at || content.received < content.size) return
  const sha256 = await hashOf(deps, id)
  const mime = await sniffMime(deps.fileStorage.path(id))
  const kind = previewKindOf(mime)
  const lane = kind === 'media' ? 'media' : 'picture'
  const isNew = await deps.db.transaction().execute(async (db) => {
    const { numUpdatedRows } = await db
      .updateTable('contents')
      .set({ completed_at: sqlNow, sha256, mime })
      .where('id', '=', id)
      .where('completed_at', 'is', null)
      .executeTakeFirst()
    if (numUpdatedRows === 0n || !kind) return false
    await db.insertInto('previews').values({ id, lane }).execute()
    return true
  })
  if (isNew) deps.queue.nudge(lane === 'media' ? 'file.media' : 'file.preview', id)
}

async function hashOf({ fileStorage }: Deps, id: ContentId): Promise<Buffer> {
  const hash = createHash('sha256')
  for await (const chunk of fileStorage.read(id, 'original')) hash.update(chunk as Buffer)
  return hash.digest()
}
