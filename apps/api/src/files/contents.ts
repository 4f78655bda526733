import { createHash } from 'node:crypto'
import type { ContentId, UserId } from '@veche/shared/ids'
import type { Deps } from '../deps.ts'
import { sqlNow } from '../platform/clock.ts'
import { previewKindOf } from './previews/previewable.ts'
import { headBytes, sniffMime } from './sniff-mime.ts'
import { UploadProgress } from './uploads/UploadProgress.ts'

/**
 * Reads an upload that has all its bytes once more, for its hash and for what it is. Any request may complete an upload. Requests for one
 * upload run in turn, and a repetition changes nothing.
 */
export function completeContent(deps: Deps, id: ContentId, owner: UserId): Promise<void> {
  return deps.gates.content.run(id, () => completeUnlessDone(deps, id, owner))
}

async function completeUnlessDone(deps: Deps, id: ContentId, owner: UserId): Promise<void> {
  const upload = await UploadProgress.find(deps, id, owner)
  if (!upload || upload.isComplete || upload.offset < upload.size) return
  await deps.fileStorage.finish(upload)
  const { sha256, head } = await readThrough(deps, upload)
  const mime = await sniffMime(head)
  const preview = previewKindOf(mime)
  const kind = preview === 'media' ? 'media' : 'picture'
  const isNew = await deps.db.transaction().execute(async (db) => {
    const { numUpdatedRows } = await db
      .updateTable('contents')
      .set({ completed_at: sqlNow, sha256, mime, multipart_id: null })
      .where('id', '=', id)
      .where('completed_at', 'is', null)
      .executeTakeFirst()
    if (numUpdatedRows === 0n) return false
    await db.deleteFrom('upload_parts').where('content_id', '=', id).execute()
    if (!preview) return false
    await db.insertInto('previews').values({ id, kind }).execute()
    return true
  })
  if (isNew) deps.queue.nudge(kind === 'media' ? 'file.media' : 'file.preview', id)
}

async function readThrough({ fileStorage }: Deps, { id, size }: UploadProgress) {
  const hash = createHash('sha256')
  const head: Buffer[] = []
  let bytes = 0
  for await (const chunk of (await fileStorage.read(id, 'original')) as AsyncIterable<Buffer>) {
    hash.update(chunk)
    if (bytes < headBytes) head.push(chunk.subarray(0, headBytes - bytes))
    bytes += chunk.length
  }
  if (bytes !== size) throw new Error(`the storage has ${bytes} bytes of ${size}`)
  return { sha256: hash.digest(), head: Buffer.concat(head) }
}
