import type { ChatId } from '@veche/shared/ids'
import type { ChangesFrame } from '@veche/shared/live'
import type { Merge } from './Merge.ts'
import { mergeRows } from './rows.ts'

/** Merges the rows of a frame of the live stream. If revisions before the frame are missing, the scope is fetched instead. */
export async function applyFrame(merge: Merge, frame: ChangesFrame): Promise<void> {
  if (frame.scope === 'meeting') return
  const scope = await merge.scope(frame.id)
  if (!scope || scope.rev < frame.from) {
    const left = !scope && frame.scope === 'chat' && (await merge.membership(frame.id as ChatId))?.leftAt
    if (!left) merge.followUps.scopes.add(frame.id)
    return
  }
  if (frame.rev <= scope.rev) return
  if (scope.kind === 'chat') merge.touch(scope)
  merge.setScope({ ...scope, rev: frame.rev })
  await mergeRows(merge, frame.rows, 'snapshot')
}
