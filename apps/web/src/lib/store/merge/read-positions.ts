import type { ChatId } from '@veche/shared/ids'
import type { Positions, Unread } from '@veche/shared/live'
import type { MembershipRow } from '@veche/shared/rows/rows'
import type { ReadTransaction } from '../backend/backend.ts'
import type { Merge } from './Merge.ts'
import { mergeRows } from './rows.ts'

/** Moves my read position on this device: the unread number follows at once, the server is told later, perhaps after a restart. */
export async function moveReadPosition(merge: Merge, chatId: ChatId, seq: number): Promise<boolean> {
  const [scope, membership] = [await merge.chatScope(chatId), await merge.membership(chatId)]
  if (!scope || seq <= Math.max(scope.readTo, membership?.readSeq ?? 0)) return false
  merge.touch(scope)
  merge.setScope({ ...scope, readTo: Math.min(seq, scope.top) })
  return true
}

/** My read positions that the server does not know yet. */
export async function unreportedReadPositions(
  tx: ReadTransaction<'scopes' | 'memberships'>,
): Promise<{ chatId: ChatId; seq: number }[]> {
  const readSeqs = await readSeqsOfServer(tx)
  const scopes = await tx.all('scopes')
  return scopes.flatMap((scope) => {
    if (scope.kind !== 'chat') return []
    const reported = readSeqs.get(scope.id)
    return reported !== undefined && scope.readTo > reported ? [{ chatId: scope.id, seq: scope.readTo }] : []
  })
}

/** How far I have read in each chat, as the server knows it. */
async function readSeqsOfServer(tx: ReadTransaction<'memberships'>): Promise<Map<ChatId, number>> {
  return new Map((await tx.all('memberships')).map((row) => [row.chatId, row.readSeq]))
}

/** The answer of `messages.read`. */
export async function applyReadAnswer(
  merge: Merge,
  answer: { membership: MembershipRow; unread: Unread },
): Promise<void> {
  await mergeRows(merge, { memberships: [answer.membership] }, 'answer')
  const { chatId, readSeq } = answer.membership
  const [scope, membership] = [await merge.chatScope(chatId), await merge.membership(chatId)]
  if (!scope || membership?.readSeq !== readSeq) return
  const input = merge.touch(scope)
  if (scope.readTo <= readSeq) input.fromServer = answer.unread
}

/** The read positions of others only grow, so they may come in any order. */
export async function applyPositions(merge: Merge, chatId: ChatId, positions: Positions): Promise<void> {
  const scope = await merge.chatScope(chatId)
  if (!scope) return
  const read = Math.max(scope.positions.read, positions.read)
  const delivered = Math.max(scope.positions.delivered, positions.delivered)
  if (read === scope.positions.read && delivered === scope.positions.delivered) return
  merge.changes.chats.add(chatId)
  merge.setScope({ ...scope, positions: { read, delivered } })
}
