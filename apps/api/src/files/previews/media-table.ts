import type { ContentId } from '@veche/shared/ids'
import { sql } from 'kysely'
import type { Deps } from '../../deps.ts'
import { sqlNow } from '../../platform/clock.ts'
import type { DueTable } from '../../platform/work/due-tables.ts'
import { aboutFile, failureWords, fileColumns, previewFailure } from './failures.ts'
import { withLocalCopy } from './local-copy.ts'
import { isPlayable, requireDemuxer } from './media/formats.ts'
import { type MediaFacts, type MediaSource, probeMedia } from './media/probe.ts'
import { makePoster } from './media/poster.ts'
import { makeRendition, maxRenditionBytes } from './media/rendition.ts'
import { readLength } from './media/length.ts'
import { readLoudness } from './media/waveform.ts'
import type { Picture } from './picture-child.ts'
import { keepPreviews } from './picture-previews.ts'
import { findContentToRead, noteFindings, noteGivenUp } from './previewed-contents.ts'
import { LimitExceeded } from './refusals.ts'

/** What videos and sounds are: how long, how large, how loud, and a picture of a video. */
export const mediaTable: DueTable = {
  name: 'file.media',
  table: 'previews',
  only: sql`kind = 'media'`,
  owner: sql`owner_id`,
  columns: [],
  // Those that wait for the one that is being read have claimed their rows too.
  parallel: 2,
  leaseMs: 60_000,
  retryDelaysMs: [5_000, 60_000],
  run: readMedia,
  failureOf: previewFailure,
  changesAtEnd: () => [],
  beforeGivingUp: noteGivenUp,
  aboutColumns: fileColumns('previews'),
  about: aboutFile('media'),
  describeFailure: failureWords('media'),
}

async function readMedia(deps: Deps, { id }: { id: ContentId }): Promise<void> {
  const content = await findContentToRead(deps, id)
  if (!content) return
  const { mime } = content
  const media = await withLocalCopy(deps, id, (path) =>
    deps.mediaTools.inFolder('media', async (folder) => {
      const source = { path, folder, demuxer: requireDemuxer(mime) }
      const read = await readFacts(deps, source)
      return { ...read, isRendered: await renderShortSound(deps, { id, source, mime, size: content.size }, read) }
    }),
  )
  const { facts, found, poster, isRendered } = media
  const isKept = poster
    ? await keepPreviews(deps, id, poster, { ...found, width: facts.video!.width, height: facts.video!.height })
    : await noteFindings(deps, id, { ...found, mime: ofSound(mime), ...(isRendered ? { rendition_at: sqlNow } : {}) })
  if (!isKept && isRendered) await deps.fileStorage.removeVariant(id, 'rendition')
  if (isKept && !isRendered && !isPlayable(facts.video ? mime : ofSound(mime), facts.video, facts.audio))
    await orderRendition(deps, id)
}

/** Their first bytes do not tell that such files hold sound alone. */
function ofSound(mime: string): string {
  return mime.replace(/^video\//, 'audio/')
}

type Media = {
  facts: MediaFacts
  found: { duration_ms: number | null; waveform: Buffer | null }
  poster?: Picture
}

/** Somebody waits for a voice message, which costs little: it waits for no video. Longer sounds are ordered like videos. */
const shortSound = { durationMs: 600_000, timeMs: 30_000 }

type Sound = { id: ContentId; source: MediaSource; mime: string; size: number }

async function renderShortSound(
  deps: Deps,
  { id, source, mime, size }: Sound,
  { facts, found }: Media,
): Promise<boolean> {
  const { duration_ms } = found
  if (facts.video || isPlayable(ofSound(mime), null, facts.audio)) return false
  if (duration_ms === null || duration_ms > shortSound.durationMs) return false
  const limits = { timeMs: shortSound.timeMs, fileBytes: maxRenditionBytes(size, facts) }
  const made = await makeRendition(deps.mediaTools, source, facts, limits).catch(unlessTooLong(null))
  if (made) await deps.fileStorage.moveToVariant(id, 'rendition', made)
  return made !== null
}

async function readFacts({ mediaTools, pictureMaker }: Deps, source: MediaSource): Promise<Media> {
  const facts = await probeMedia(mediaTools, source)
  if (!facts.video) {
    const unheard = { durationMs: facts.durationMs, waveform: null }
    const { durationMs, waveform } = await readLoudness(mediaTools, source).catch(unlessTooLong(unheard))
    return { facts, found: { duration_ms: durationMs, waveform } }
  }
  const poster = await pictureMaker.make(await makePoster(mediaTools, source, facts))
  const durationMs = facts.durationMs ?? (await readLength(mediaTools, source).catch(unlessTooLong(null)))
  return { facts, found: { duration_ms: durationMs, waveform: null }, poster }
}

/** Of what is too long to be read to its end, the rest is still shown. */
function unlessTooLong<T>(instead: T) {
  return (error: unknown): T => {
    if (error instanceof LimitExceeded) return instead
    throw error
  }
}

/** Whoever reads the content again orders nothing twice. */
async function orderRendition({ db, queue }: Deps, id: ContentId): Promise<void> {
  // The content may be gone by now.
  const held = db.selectFrom('contents').select('id').where('id', '=', id)
  const insert = db.insertInto('renditions').columns(['id']).expression(held)
  const { numInsertedOrUpdatedRows = 0n } = await insert.onConflict((on) => on.doNothing()).executeTakeFirst()
  if (numInsertedOrUpdatedRows > 0n) queue.nudge('file.rendition', id)
}
