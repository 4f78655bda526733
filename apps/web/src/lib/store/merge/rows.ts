import type { ChatId } from '@veche/shared/ids'
import type { ChangesFrame } from '@veche/shared/live'
import type { ChatRow, MembershipRow, MessageRow, PersonRow, Rows } from '@veche/shared/rows/rows'
import { noteMessage } from '../changes.ts'
import { addRange, rangeOf, rangesFrom } from '../ranges.ts'
import { listenedId, type ChatScope, type Tables } from '../tables.ts'
import { firstVisibleSeq } from '../visible-history.ts'
import { dropChat, forgetMessages, type Merge } from './Merge.ts'
import { readAhead } from './needed-rows.ts'

/**
 * `snapshot`: the rows were read at one revision that is not older than what is held. `answer`: the rows came with the answer of a
 * mutation, which may be older.
 */
export type RowOrigin = 'snapshot' | 'answer'

/** Merges frames of the live stream in their order. */
export async function applyFrames(merge: Merge, frames: ChangesFrame[]): Promise<void> {
  await readAhead(
    merge,
    frames.map(({ rows }) => rows),
  )
  for (const frame of frames) await applyFrame(merge, frame)
}

/** If revisions before the frame are missing, the scope is fetched instead. */
async function applyFrame(merge: Merge, frame: ChangesFrame): Promise<void> {
  if (frame.scope === 'meeting') return
  const scope = await merge.scope(frame.id)
  if (!scope || scope.rev < frame.from) {
    const left = !scope && frame.scope === 'chat' && (await merge.membership(frame.id as ChatId))?.leftAt
    if (!left) merge.followUps.scopes.add(frame.id)
    return
  }
  if (frame.rev <= scope.rev) return
  // Before the cursor moves: unread numbers are settled from where it was.
  if (scope.kind === 'chat') merge.touch(scope)
  merge.setScope({ ...scope, rev: frame.rev })
  await mergeRows(merge, frame.rows, 'snapshot')
}

/** Merges row by row: the larger `rev` wins. The caller moves the cursor. */
export async function mergeRows(merge: Merge, rows: Rows, origin: RowOrigin): Promise<void> {
  await readAhead(merge, [rows])
  const {
    people = [],
    settings = [],
    sessions = [],
    memberships = [],
    chats = [],
    messages = [],
    mySeats = [],
    listened = [],
    ...others
  } = rows
  // A chat that I am no member of is not merged, and no message of a chat that is not held: memberships first, then chats, then messages.
  for (const row of people) await mergePerson(merge, row)
  for (const row of settings) await mergeAccountRow(merge, 'settings', row.userId, row)
  for (const row of sessions) await mergeAccountRow(merge, 'sessions', row.id, row)
  for (const row of memberships) await mergeMembership(merge, row)
  for (const row of chats) await mergeChat(merge, row)
  await mergeMessages(merge, messages, origin)
  for (const row of mySeats) await mergeAccountRow(merge, 'mySeats', row.seatId, row)
  for (const row of listened) {
    const id = listenedId(row)
    await mergeAccountRow(merge, 'listened', id, { ...row, id })
  }
  // A table that is forgotten here does not compile. Meetings are not kept: the call screen reads their frames itself.
  const _none: Pick<Rows, 'meetings' | 'seats'> = others
}

/** Only people who appear in held chats are kept, not the whole directory. */
export async function mergePerson(merge: Merge, row: PersonRow): Promise<void> {
  if (!(await merge.keepsPerson(row.id))) return
  const held = await merge.tx.get('people', row.id)
  if (held && held.rev >= row.rev) return
  merge.tx.put('people', row)
  merge.changes.people.add(row.id)
}

async function mergeAccountRow<T extends 'settings' | 'sessions' | 'mySeats' | 'listened'>(
  merge: Merge,
  table: T,
  key: string,
  row: Tables[T],
): Promise<void> {
  const held = await merge.tx.get(table, key)
  if (held && held.rev >= row.rev) return
  merge.tx.put(table, row)
  merge.changes.account = true
}

async function mergeMembership(merge: Merge, row: MembershipRow): Promise<void> {
  const held = await merge.membership(row.chatId)
  if (held && held.rev >= row.rev) return
  merge.tx.put('memberships', row)
  merge.changes.chats.add(row.chatId)
  if (row.leftAt !== null) return await dropChat(merge, row.chatId)
  const scope = await merge.chatScope(row.chatId)
  if (!scope || scope.rev < row.sinceRev) {
    // I left and came back: the rows held are from the time before.
    if (scope) forgetMessages(merge, row.chatId)
    if (scope) merge.dropScope(row.chatId)
    merge.followUps.scopes.add(row.chatId)
    return
  }
  merge.touch(scope)
  await deleteInvisible(merge, scope)
}

async function mergeChat(merge: Merge, row: ChatRow): Promise<void> {
  const scope = await merge.chatScope(row.id)
  if (!scope) return
  const held = await merge.tx.get('chats', row.id)
  if (held && held.rev >= row.rev) return
  merge.tx.put('chats', row)
  merge.touch(scope)
  for (const id of row.pair ?? []) await merge.keepPerson(id)
  if (row.clearedSeq > (held?.clearedSeq ?? 0)) await deleteInvisible(merge, scope)
}

/** Deletes messages that I may no longer see: those before I joined, and those before the chat was cleared. */
async function deleteInvisible(merge: Merge, given: ChatScope): Promise<void> {
  const scope = (await merge.chatScope(given.id)) ?? given
  const from = firstVisibleSeq(await merge.membership(scope.id), await merge.tx.get('chats', scope.id))
  const ranges = rangesFrom(scope.ranges, from)
  if (ranges === scope.ranges) return
  merge.tx.deleteMessages(scope.id, 0, from - 1)
  noteMessage(merge.changes, scope.id, 'all')
  merge.setScope({ ...scope, ranges })
}

async function mergeMessages(merge: Merge, rows: MessageRow[], origin: RowOrigin): Promise<void> {
  for (const [chatId, ofChat] of Map.groupBy(rows, (row) => row.chatId)) {
    const scope = await merge.chatScope(chatId)
    if (scope) await mergeMessagesOfChat(merge, scope, ofChat, origin)
  }
}

async function mergeMessagesOfChat(
  merge: Merge,
  scope: ChatScope,
  rows: MessageRow[],
  origin: RowOrigin,
): Promise<void> {
  const [membership, chat] = [await merge.membership(scope.id), await merge.tx.get('chats', scope.id)]
  const from = firstVisibleSeq(membership, chat)
  const input = merge.touch(scope)
  let after = scope
  for (const { row, held } of await withHeld(merge, scope, rows)) {
    if (row.seq < from || (held && held.rev >= row.rev)) continue
    // No frame tells of changes to a message that is not held, so an answer as old as this may bring an outdated row.
    if (!held && origin === 'answer' && row.rev <= scope.replacedRev) continue
    merge.tx.putMessage(row)
    noteMessage(merge.changes, scope.id, row.seq)
    input.rows.push({ row, held })
    after = withMessage(after, row)
    await keepPeopleOf(merge, row)
    await removeFromOutbox(merge, row)
    const isToMe = chat?.kind === 'direct' && row.authorId !== merge.me && row.seq > (membership?.readSeq ?? 0)
    if (isToMe && !held) noteDelivered(merge, row)
  }
  merge.setScope(after)
}

function noteDelivered({ followUps }: Merge, { chatId, seq }: MessageRow): void {
  followUps.delivered.set(chatId, Math.max(seq, followUps.delivered.get(chatId) ?? 0))
}

function withMessage(scope: ChatScope, row: MessageRow): ChatScope {
  return {
    ...scope,
    ranges: addRange(scope.ranges, row.seq, row.seq),
    top: Math.max(scope.top, row.seq),
    topAt: row.seq >= scope.top ? row.createdAt : scope.topAt,
    newestRev: Math.max(scope.newestRev, row.rev),
  }
}

async function withHeld(merge: Merge, scope: ChatScope, rows: MessageRow[]) {
  const pairs = rows.map(async (row) => ({
    row,
    held: rangeOf(scope.ranges, row.seq) ? await merge.tx.message(row.chatId, row.seq) : undefined,
  }))
  return (await Promise.all(pairs)).sort((a, b) => a.row.seq - b.row.seq)
}

async function keepPeopleOf(merge: Merge, row: MessageRow): Promise<void> {
  await merge.keepPerson(row.authorId)
  if (row.system?.event === 'added') for (const id of row.system.userIds) await merge.keepPerson(id)
  if (row.system?.event === 'removed' || row.system?.event === 'role') await merge.keepPerson(row.system.userId)
}

/** The stored message replaces its command in the same transaction, so it is never shown twice and never missing. */
async function removeFromOutbox(merge: Merge, row: MessageRow): Promise<void> {
  if (row.authorId !== merge.me || row.clientId === null) return
  if (!(await merge.tx.get('outbox', row.clientId))) return
  merge.tx.delete('outbox', row.clientId)
  merge.changes.outbox = true
}
