import type { MembershipRow } from '@veche/shared/rows/rows'
import type { Command } from '#lib/store/commands.ts'

/** The overlay over my membership: the row as it will be when the server has done these commands, which are in order. */
export function withMyChanges(membership: MembershipRow, commands: Command[]): MembershipRow {
  return commands.reduce((row, command) => {
    if (command.kind !== 'chats.setMine' || command.refusal !== null) return row
    const { pinned, notify = row.notify, unreadMark = row.unreadMark } = command.input
    const pinnedAt = pinned === undefined ? row.pinnedAt : pinned ? command.composedAt : null
    return { ...row, notify, unreadMark, pinnedAt }
  }, membership)
}
