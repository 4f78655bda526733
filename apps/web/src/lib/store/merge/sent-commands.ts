import type { ErrorCode, LimitBytes } from '@veche/shared/errors'
import type { Rows } from '@veche/shared/rows/rows'
import type { Command } from '../commands.ts'
import type { Merge } from './Merge.ts'
import { mergeRows } from './rows.ts'

/** The rows of the answer take the place of the command in one transaction, so no moment shows the state before it. */
export async function mergeSent(merge: Merge, command: Command, rows: Rows): Promise<void> {
  await mergeRows(merge, rows, 'answer')
  merge.tx.delete('outbox', command.id)
  merge.noteCommand(command)
}

/** False when the command is not in the outbox any more: the chat was dropped, or another tab has sent it. */
export async function mergeRefused(
  merge: Merge,
  { id }: Command,
  { code, bytes }: { code: ErrorCode; bytes?: LimitBytes | undefined },
  whenRefused: 'keep' | 'drop',
): Promise<boolean> {
  const held = await merge.tx.get('outbox', id)
  if (!held) return false
  if (whenRefused === 'keep') merge.tx.put('outbox', { ...held, refusal: code, refusedBytes: bytes })
  else merge.tx.delete('outbox', id)
  merge.noteCommand(held)
  return true
}
