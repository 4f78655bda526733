import type { UserId } from '@veche/shared/ids'
import { limits } from '@veche/shared/limits'
import { countedKinds } from '@veche/shared/messages'
import type { MessageRow } from '@veche/shared/rows/rows'
import { holds } from '../ranges.ts'
import type { ChatScope, UnreadNumber } from '../tables.ts'
import { firstVisibleSeq } from '../visible-history.ts'
import type { Merge, UnreadInput } from './Merge.ts'

/** With more unread messages than this, asking the server is cheaper than counting them here. */
const MAX_COUNTED_HERE = 2_000

/**
 * The unread number after a merge. The first of these that is certain: what the server counted; the number before, plus and minus
 * these rows; a count of the messages held. Otherwise the number needs a recount by the server, and the scope is fetched.
 */
export async function settleUnread(merge: Merge, scope: ChatScope, input: UnreadInput): Promise<ChatScope> {
  const [membership, chat] = await Promise.all([merge.membership(scope.id), merge.tx.get('chats', scope.id)])
  const after = Math.max(membership?.readSeq ?? 0, scope.readTo, firstVisibleSeq(membership, chat) - 1)
  const { fromServer } = input
  if (fromServer && fromServer.atRev >= scope.newestRev && fromServer.atRev >= scope.count.atRev) {
    return { ...scope, count: { ...fromServer, after, needsRecount: false } }
  }
  if (after === scope.count.after && !scope.count.needsRecount) {
    const count = addRows(merge.me, scope, input)
    if (count) return { ...scope, count }
  }
  const count = await countHeld(merge, scope, after)
  // Until the server knows the read position, it would count from an older one.
  if (count.needsRecount && scope.readTo <= (membership?.readSeq ?? 0)) merge.followUps.scopes.add(scope.id)
  return { ...scope, count }
}

/** Undefined when these rows do not tell how the number changes. */
function addRows(me: UserId, scope: ChatScope, input: UnreadInput): UnreadNumber | undefined {
  const { count } = scope
  // A number that is newer than the cursor may include messages that are not held yet: which ones, the cursor cannot tell.
  const ahead = count.atRev > input.cursor
  let unread = count.unread
  for (const { row, held } of input.rows) {
    if (row.rev <= count.atRev || row.seq <= count.after || !isCounted(me, { ...row, deletedAt: null })) continue
    const changed = row.editedAt !== null || row.deletedAt !== null || row.call?.state === 'ended'
    if (!held && changed && (ahead || row.seq <= input.top)) return undefined
    unread += Number(isCounted(me, row)) - Number(held !== undefined && isCounted(me, held))
  }
  // At the cap the true number is unknown, so nothing can be subtracted from it.
  if (count.unread >= limits.unreadCap && unread < count.unread) return undefined
  return { ...count, unread: Math.min(unread, limits.unreadCap), atRev: Math.max(count.atRev, scope.rev) }
}

async function countHeld(merge: Merge, scope: ChatScope, after: number): Promise<UnreadNumber> {
  const { count, rev, ranges, top } = scope
  if (after >= top) return { unread: 0, atRev: rev, after, needsRecount: false }
  if (!holds(ranges, after + 1, top) || top - after > MAX_COUNTED_HERE) {
    return { unread: Math.min(count.unread, top - after), atRev: count.atRev, after, needsRecount: true }
  }
  const rows = await merge.tx.messages(scope.id, after + 1, top)
  const unread = rows.filter((row) => isCounted(merge.me, row)).length
  return { unread: Math.min(unread, limits.unreadCap), atRev: rev, after, needsRecount: false }
}

function isCounted(me: UserId, row: MessageRow): boolean {
  return countedKinds.includes(row.kind) && row.authorId !== me && row.deletedAt === null
}
