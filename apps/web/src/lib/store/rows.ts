import type { ChatId } from '@veche/shared/ids'
import type { ChatRow, MembershipRow, MessageRow, PersonRow, Rows } from '@veche/shared/rows/rows'
import { noteMessage } from './changes.ts'
import { visibleFrom } from './count.ts'
import { dropChat, forgetMessages, type Merge } from './merge.ts'
import { addRange, rangeOf, rangesFrom } from './ranges.ts'
import type { ChatScope, Tables } from './tables.ts'

/** `snapshot`: the rows are as they were at one revision that is not older than what is held; a mutation's own answer is not. */
export type Source = 'snapshot' | 'answer'

/** Merges row by row: the larger `rev` wins. Cursors are the caller's business. */
export async function mergeRows(merge: Merge, rows: Rows, source: Source): Promise<void> {
  const {
    people = [],
    settings = [],
    sessions = [],
    memberships = [],
    chats = [],
    messages = [],
    mySeats = [],
    ...others
  } = rows
  for (const row of people) await mergePerson(merge, row)
  for (const row of settings) await mergeMine(merge, 'settings', row.userId, row)
  for (const row of sessions) await mergeMine(merge, 'sessions', row.id, row)
  for (const row of memberships) await mergeMembership(merge, row)
  for (const row of chats) await mergeChat(merge, row)
  await mergeMessages(merge, messages, source)
  for (const row of mySeats) await mergeMine(merge, 'mySeats', row.seatId, row)
  // A table that is forgotten here does not compile. A meeting is followed while one sits in it, and not kept.
  const _none: Pick<Rows, 'meetings' | 'seats'> = others
}

/** Rows of people are kept of those who were met. */
export async function mergePerson(merge: Merge, row: PersonRow): Promise<void> {
  if (!(await merge.hasMet(row.id))) return
  const held = await merge.tx.get('people', row.id)
  if (held && held.rev >= row.rev) return
  merge.tx.put('people', row)
  merge.changes.people.add(row.id)
}

async function mergeMine<T extends 'settings' | 'sessions' | 'mySeats'>(
  merge: Merge,
  table: T,
  key: string,
  row: Tables[T],
): Promise<void> {
  const held = await merge.tx.get(table, key)
  if (held && held.rev >= row.rev) return
  merge.tx.put(table, row)
  merge.changes.mine = true
}

async function mergeMembership(merge: Merge, row: MembershipRow): Promise<void> {
  const held = await merge.membership(row.chatId)
  if (held && held.rev >= row.rev) return
  merge.tx.put('memberships', row)
  merge.changes.chats.add(row.chatId)
  if (row.leftAt !== null) return await dropChat(merge, row.chatId)
  const scope = await merge.chatScope(row.chatId)
  if (!scope || scope.rev < row.sinceRev) {
    // Someone who left and came back: what was held belongs to the time before.
    if (scope) forgetMessages(merge, row.chatId)
    if (scope) merge.dropScope(row.chatId)
    merge.errands.asks.add(row.chatId)
    return
  }
  merge.touch(scope)
  await hideBefore(merge, scope)
}

async function mergeChat(merge: Merge, row: ChatRow): Promise<void> {
  const scope = await merge.chatScope(row.id)
  if (!scope) return
  const held = await merge.tx.get('chats', row.id)
  if (held && held.rev >= row.rev) return
  merge.tx.put('chats', row)
  merge.touch(scope)
  for (const id of row.pair ?? []) await merge.meet(id)
  if (row.clearedSeq > (held?.clearedSeq ?? 0)) await hideBefore(merge, scope)
}

/** Messages before one's own beginning, or before the chat was cleared, are not kept. */
async function hideBefore(merge: Merge, touched: ChatScope): Promise<void> {
  const scope = (await merge.chatScope(touched.id)) ?? touched
  const from = visibleFrom(await merge.membership(scope.id), await merge.tx.get('chats', scope.id))
  const ranges = rangesFrom(scope.ranges, from)
  if (ranges === scope.ranges) return
  merge.tx.deleteMessages(scope.id, 0, from - 1)
  noteMessage(merge.changes, scope.id, 'all')
  merge.setScope({ ...scope, ranges })
}

async function mergeMessages(merge: Merge, rows: MessageRow[], source: Source): Promise<void> {
  for (const [chatId, ofChat] of Map.groupBy(rows, (row) => row.chatId)) {
    const scope = await merge.chatScope(chatId)
    if (scope) await mergeInto(merge, scope, ofChat, source)
  }
}

async function mergeInto(merge: Merge, scope: ChatScope, rows: MessageRow[], source: Source): Promise<void> {
  const [membership, chat] = [await merge.membership(scope.id), await merge.tx.get('chats', scope.id)]
  const from = visibleFrom(membership, chat)
  const touch = merge.touch(scope)
  let after = scope
  for (const { row, held } of await withHeld(merge, scope, rows)) {
    if (row.seq < from || (held && held.rev >= row.rev)) continue
    // A row outside of what is held, and not newer than it, may have changed since without anyone telling.
    if (!held && source === 'answer' && row.rev <= scope.floor) continue
    merge.tx.putMessage(row)
    noteMessage(merge.changes, scope.id, row.seq)
    touch.rows.push({ row, held })
    after = withMessage(after, row)
    await meetThose(merge, row)
    await replacePending(merge, row)
    const toMe = chat?.kind === 'direct' && row.authorId !== merge.me && row.seq > (membership?.readSeq ?? 0)
    if (toMe && !held) merge.errands.arrived.set(scope.id, Math.max(row.seq, merge.errands.arrived.get(scope.id) ?? 0))
  }
  merge.setScope(after)
}

function withMessage(scope: ChatScope, row: MessageRow): ChatScope {
  return {
    ...scope,
    ranges: addRange(scope.ranges, row.seq, row.seq),
    top: Math.max(scope.top, row.seq),
    topAt: row.seq >= scope.top ? row.createdAt : scope.topAt,
    newest: Math.max(scope.newest, row.rev),
  }
}

async function withHeld(merge: Merge, scope: ChatScope, rows: MessageRow[]) {
  const pairs = rows.map(async (row) => ({
    row,
    held: rangeOf(scope.ranges, row.seq) ? await merge.tx.message(row.chatId, row.seq) : undefined,
  }))
  return (await Promise.all(pairs)).sort((a, b) => a.row.seq - b.row.seq)
}

async function meetThose(merge: Merge, row: MessageRow): Promise<void> {
  await merge.meet(row.authorId)
  if (row.system?.event === 'added') for (const id of row.system.userIds) await merge.meet(id)
  if (row.system?.event === 'removed' || row.system?.event === 'role') await merge.meet(row.system.userId)
}

/** My own message takes the place of the one that was waiting, in the same transaction, whoever brings it. */
async function replacePending(merge: Merge, row: MessageRow): Promise<void> {
  if (row.authorId !== merge.me || row.clientId === null) return
  if (!(await merge.tx.get('outbox', row.clientId))) return
  merge.tx.delete('outbox', row.clientId)
  merge.changes.outbox = true
}

/** What a page says about the seqs between its messages as well: there is nothing there. */
export async function holdRange(merge: Merge, chatId: ChatId, from: number, to: number): Promise<void> {
  const scope = await merge.chatScope(chatId)
  if (scope) merge.setScope({ ...scope, ranges: addRange(scope.ranges, from, to) })
}
