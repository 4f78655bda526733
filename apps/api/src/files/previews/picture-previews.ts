import type { ContentId } from '@veche/shared/ids'
import type { Deps } from '../../deps.ts'
import { sqlNow } from '../../platform/clock.ts'
import type { Picture } from './picture-child.ts'
import { type Findings, noteFindings } from './previewed-contents.ts'

/** Keeps the previews, and then says that they are there. */
export async function keepPreviews(deps: Deps, id: ContentId, picture: Picture, also: Findings = {}): Promise<boolean> {
  const { width, height, thumbhash, previews } = picture
  for (const { side, bytes } of previews) await deps.fileStorage.writeVariant(id, side, bytes)
  const found = { width, height, thumbhash: Buffer.from(thumbhash), previewed_at: sqlNow, ...also }
  const isKept = await noteFindings(deps, id, found)
  if (!isKept) for (const { side } of previews) await deps.fileStorage.removeVariant(id, side)
  return isKept
}
