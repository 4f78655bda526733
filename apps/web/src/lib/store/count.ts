import type { UserId } from '@veche/shared/ids'
import { limits } from '@veche/shared/limits'
import { countedKinds } from '@veche/shared/messages'
import type { ChatRow, MembershipRow, MessageRow } from '@veche/shared/rows/rows'
import type { Merge, Touch } from './merge.ts'
import { holds } from './ranges.ts'
import type { Count, ChatScope } from './tables.ts'

/** Counting one by one stops paying here: the server is asked instead. */
const COUNTED_AT_ONCE = 2_000

export function visibleFrom(membership: MembershipRow | undefined, chat: ChatRow | undefined): number {
  return Math.max(membership?.fromSeq ?? 0, (chat?.clearedSeq ?? 0) + 1, 1)
}

/**
 * The unread number after a merge. It is, in this order: the server's answer, if nothing has moved past it; what it was, and what
 * these rows add and take; what the messages at hand say, if all that matter are held; or a doubt, which makes the engine ask.
 */
export async function settleCount(merge: Merge, scope: ChatScope, touch: Touch): Promise<ChatScope> {
  const [membership, chat] = await Promise.all([merge.membership(scope.id), merge.tx.get('chats', scope.id)])
  const after = Math.max(membership?.readSeq ?? 0, scope.readTo, visibleFrom(membership, chat) - 1)
  const { base } = touch
  if (base && base.atRev >= scope.newest && base.atRev >= scope.count.atRev) {
    return { ...scope, count: { ...base, after, doubt: false } }
  }
  if (after === scope.count.after && !scope.count.doubt) {
    const count = counted(merge.me, scope, touch)
    if (count) return { ...scope, count }
  }
  const count = await countHeld(merge, scope, after)
  // While a read position has not been told yet, only its answer can know.
  if (count.doubt && scope.readTo <= (membership?.readSeq ?? 0)) merge.errands.asks.add(scope.id)
  return { ...scope, count }
}

function counted(me: UserId, scope: ChatScope, touch: Touch): Count | undefined {
  const { count } = scope
  // What was known to exist when the number was true is only told by the cursor if the number does not run ahead of it.
  const ahead = count.atRev > touch.cursor
  let unread = count.unread
  for (const { row, held } of touch.rows) {
    if (row.rev <= count.atRev || row.seq <= count.after || !countable(me, { ...row, deletedAt: null })) continue
    const changed = row.editedAt !== null || row.deletedAt !== null || row.call?.state === 'ended'
    if (!held && changed && (ahead || row.seq <= touch.top)) return undefined
    unread += Number(countable(me, row)) - Number(held !== undefined && countable(me, held))
  }
  // The cap hides how many there are: taking from it would be a guess.
  if (count.unread >= limits.unreadCap && unread < count.unread) return undefined
  return { ...count, unread: Math.min(unread, limits.unreadCap), atRev: Math.max(count.atRev, scope.rev) }
}

async function countHeld(merge: Merge, scope: ChatScope, after: number): Promise<Count> {
  const atRev = scope.rev
  if (after >= scope.top) return { unread: 0, atRev, after, doubt: false }
  if (!holds(scope.ranges, after + 1, scope.top) || scope.top - after > COUNTED_AT_ONCE) {
    return { unread: Math.min(scope.count.unread, scope.top - after), atRev: scope.count.atRev, after, doubt: true }
  }
  const rows = await merge.tx.messages(scope.id, after + 1, scope.top)
  const unread = rows.filter((row) => countable(merge.me, row)).length
  return { unread: Math.min(unread, limits.unreadCap), atRev, after, doubt: false }
}

function countable(me: UserId, row: MessageRow): boolean {
  return countedKinds.includes(row.kind) && row.authorId !== me && row.deletedAt === null
}
