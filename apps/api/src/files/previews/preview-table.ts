import type { ContentId } from '@veche/shared/ids'
import { sql } from 'kysely'
import type { Deps } from '../../deps.ts'
import type { DueTable } from '../../platform/work/due-tables.ts'
import { aboutFile, failureWords, fileColumns, previewFailure } from './failures.ts'
import { withLocalCopy } from './local-copy.ts'
import type { Picture } from './picture-child.ts'
import { keepPreviews } from './picture-previews.ts'
import { previewKindOf } from './previewable.ts'
import { findContentToRead, noteGivenUp } from './previewed-contents.ts'
import { convertPhonePicture, drawFirstPage } from './tools/still-pictures.ts'

/** The previews of pictures and documents. A content whose preview is given up is still there to be downloaded. */
export const previewTable: DueTable = {
  name: 'file.preview',
  table: 'previews',
  only: sql`kind = 'picture'`,
  owner: sql`owner_id`,
  columns: [],
  leaseMs: 60_000,
  retryDelaysMs: [5_000, 60_000],
  run: makePreviews,
  failureOf: previewFailure,
  changesAtEnd: () => [],
  beforeGivingUp: noteGivenUp,
  aboutColumns: fileColumns('previews'),
  about: aboutFile('preview'),
  describeFailure: failureWords('picture'),
}

async function makePreviews(deps: Deps, { id }: { id: ContentId }): Promise<void> {
  const content = await findContentToRead(deps, id)
  if (!content) return
  const picture = await withLocalCopy(deps, id, (path) => readPicture(deps, path, content.mime))
  await keepPreviews(deps, id, picture)
}

function readPicture({ pictureMaker, mediaTools }: Deps, path: string, mime: string): Promise<Picture> {
  const kind = previewKindOf(mime)
  if (kind !== 'phone picture' && kind !== 'document') return pictureMaker.make(path)
  return mediaTools.inFolder('picture', async (folder) => {
    const read = kind === 'document' ? drawFirstPage : convertPhonePicture
    return pictureMaker.make(await read(mediaTools, path, folder))
  })
}
