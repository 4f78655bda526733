import type { ChatId } from '@veche/shared/ids'
import { rangesFrom } from '../ranges.ts'
import type { ChatScope } from '../tables.ts'
import type { Merge } from './Merge.ts'

/** How many of the newest messages of each chat stay: the list shows the last one, and offline a chat opens with these. */
const KEPT_NEWEST = 50

/** Messages from this one on stay: the newest, and all from which the unread number is counted. */
export function firstNeededSeq({ top, count }: ChatScope, keptNewest = KEPT_NEWEST): number {
  return Math.min(top - keptNewest, count.after) + 1
}

/** Drops older messages from this device only. They are fetched again when somebody scrolls up to them. */
export async function dropMessagesBelow(
  merge: Merge,
  id: ChatId,
  below: number,
  keptNewest = KEPT_NEWEST,
): Promise<void> {
  const scope = await merge.chatScope(id)
  // A row that is newer than the cursor tells that answers are on their way.
  if (!scope || scope.newestRev > scope.rev) return
  const from = Math.min(below, firstNeededSeq(scope, keptNewest))
  const ranges = rangesFrom(scope.ranges, from)
  if (ranges === scope.ranges) return
  merge.tx.deleteMessages(id, 0, from - 1)
  // An answer that was made before may bring back a dropped row as it was then: it is out of date from here on.
  merge.setScope({ ...scope, ranges, replacedRev: Math.max(scope.replacedRev, scope.rev) })
}
