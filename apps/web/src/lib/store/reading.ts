import type { ChatId } from '@veche/shared/ids'
import type { ReadTransaction } from './backend.ts'
import type { Merge } from './merge.ts'

/** Read up to here on this device: the number follows at once, the server is told later, perhaps after a restart. */
export async function readUpTo(merge: Merge, chatId: ChatId, seq: number): Promise<boolean> {
  const [scope, membership] = [await merge.chatScope(chatId), await merge.membership(chatId)]
  if (!scope || seq <= Math.max(scope.readTo, membership?.readSeq ?? 0)) return false
  merge.touch(scope)
  merge.setScope({ ...scope, readTo: Math.min(seq, scope.top) })
  return true
}

/** Read positions that the server has not been told. */
export async function untold(tx: ReadTransaction): Promise<{ chatId: ChatId; seq: number }[]> {
  const readSeqs = new Map((await tx.all('memberships')).map((row) => [row.chatId, row.readSeq]))
  const scopes = await tx.all('scopes')
  return scopes.flatMap((scope) => {
    if (scope.kind !== 'chat') return []
    const told = readSeqs.get(scope.id)
    return told !== undefined && scope.readTo > told ? [{ chatId: scope.id, seq: scope.readTo }] : []
  })
}
