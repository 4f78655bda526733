import type { DialogId } from '@veche/shared/ids'
import type { ReadTransaction } from './backend.ts'
import type { Merge } from './merge.ts'

/** Read up to here on this device: the number follows at once, the server is told later, perhaps after a restart. */
export async function readUpTo(merge: Merge, dialogId: DialogId, seq: number): Promise<boolean> {
  const [scope, membership] = [await merge.dialogScope(dialogId), await merge.membership(dialogId)]
  if (!scope || seq <= Math.max(scope.readTo, membership?.readSeq ?? 0)) return false
  merge.touch(scope)
  merge.setScope({ ...scope, readTo: Math.min(seq, scope.top) })
  return true
}

/** Read positions that the server has not been told. */
export async function untold(tx: ReadTransaction): Promise<{ dialogId: DialogId; seq: number }[]> {
  const readSeqs = new Map((await tx.all('memberships')).map((row) => [row.dialogId, row.readSeq]))
  const scopes = await tx.all('scopes')
  return scopes.flatMap((scope) => {
    if (scope.kind !== 'dialog') return []
    const told = readSeqs.get(scope.id)
    return told !== undefined && scope.readTo > told ? [{ dialogId: scope.id, seq: scope.readTo }] : []
  })
}
