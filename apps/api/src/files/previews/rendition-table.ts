import { sql } from 'kysely'
import type { ContentId } from '@veche/shared/ids'
import type { Deps } from '../../deps.ts'
import { sqlNow } from '../../platform/clock.ts'
import type { DueTable } from '../../platform/work/due-tables.ts'
import { requireDiskSpace } from '../uploads/new-upload.ts'
import { aboutFile, failureWords, fileColumns, previewFailure } from './failures.ts'
import { withLocalCopy } from './local-copy.ts'
import { requireDemuxer } from './media/formats.ts'
import { probeMedia } from './media/probe.ts'
import { makeRendition, maxRenditionBytes } from './media/rendition.ts'
import { findContentToRead, noteFindings, whileHeld } from './previewed-contents.ts'
import { LimitExceeded } from './refusals.ts'

/** More would hold up the renditions of others: the file is there to be downloaded. */
const limits = { timeMs: 600_000, fileBytes: 2_000_000_000 }

/** Versions that every browser plays, of sound and video that some do not. */
export const renditionTable: DueTable = {
  name: 'file.rendition',
  table: 'renditions',
  owner: sql`owner_id`,
  columns: [],
  parallel: 1,
  oneAtATime: true,
  leaseMs: 60_000,
  retryDelaysMs: [5_000, 60_000],
  run: keepRendition,
  // Another try would take as long.
  failureOf: (thrown) => ({
    ...previewFailure(thrown),
    ...(thrown instanceof LimitExceeded ? { isTemporary: false } : {}),
  }),
  changesAtEnd: () => [],
  aboutColumns: fileColumns('renditions'),
  about: aboutFile('rendition'),
  describeFailure: failureWords('rendition'),
}

async function keepRendition(deps: Deps, { id }: { id: ContentId }): Promise<void> {
  const { fileStorage, mediaTools } = deps
  const content = await findContentToRead(deps, id)
  if (!content) return
  await withLocalCopy(deps, id, (path) =>
    mediaTools.inFolder('rendition', async (folder) => {
      const source = { path, folder, demuxer: requireDemuxer(content.mime) }
      const facts = await probeMedia(mediaTools, source)
      const fileBytes = Math.min(limits.fileBytes, maxRenditionBytes(content.size, facts))
      await requireDiskSpace(deps, fileBytes)
      const made = await whileHeld(deps, id, (signal) =>
        makeRendition(mediaTools, source, facts, { ...limits, fileBytes, signal }),
      )
      await fileStorage.moveToVariant(id, 'rendition', made)
    }),
  )
  if (!(await noteFindings(deps, id, { rendition_at: sqlNow }))) await fileStorage.removeVariant(id, 'rendition')
}
