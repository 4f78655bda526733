import type { ChatId } from '@veche/shared/ids'
import type { ChatRow, MembershipRow } from '@veche/shared/rows/rows'
import type { ReadTransaction } from './backend/backend.ts'

/** The first message that this member may see: a new member may have no right to what came before, and a chat may have been cleared. */
export function firstVisibleSeq(membership: MembershipRow | undefined, chat: ChatRow | undefined): number {
  return Math.max(membership?.fromSeq ?? 0, (chat?.clearedSeq ?? 0) + 1, 1)
}

export async function readFirstVisibleSeq(tx: ReadTransaction<'memberships' | 'chats'>, id: ChatId): Promise<number> {
  return firstVisibleSeq(await tx.get('memberships', id), await tx.get('chats', id))
}
