import type { ChatId, ScopeId } from '@veche/shared/ids'
import type { ChangesFrame, ChatsPage, Positions, ScopeAnswer, StateAnswer, Unread } from '@veche/shared/live'
import type { MembershipRow, MessageRow } from '@veche/shared/rows/rows'
import { noteMessage } from './changes.ts'
import { visibleFrom } from './count.ts'
import { dropChat, forgetMessages, type Merge } from './merge.ts'
import { holdRange, mergeRows } from './rows.ts'
import type { ChatScope } from './tables.ts'

/** What was known when the server was asked; an answer that comes after it has changed says less. */
export type Ask = { id: ScopeId; since: number; membershipRev: number; readSeq: number }

export async function applyFrame(merge: Merge, frame: ChangesFrame): Promise<void> {
  if (frame.scope === 'meeting') return
  const scope = await merge.scope(frame.id)
  if (!scope || scope.rev < frame.from) {
    const left = !scope && frame.scope === 'chat' && (await merge.membership(frame.id as ChatId))?.leftAt
    if (!left) merge.errands.asks.add(frame.id)
    return
  }
  if (frame.rev <= scope.rev) return
  if (scope.kind === 'chat') merge.touch(scope)
  merge.setScope({ ...scope, rev: frame.rev })
  await mergeRows(merge, frame.rows, 'snapshot')
}

export async function applyAnswer(merge: Merge, answer: ScopeAnswer, ask: Ask): Promise<void> {
  if (answer.scope === 'meeting') return
  if (answer.scope !== 'chat') return await applyPlain(merge, answer, answer.scope, ask)
  const membership = await merge.membership(answer.id as ChatId)
  if (answer.gone) return await applyGone(merge, answer.id as ChatId, membership, ask)
  if (membership && membership.leftAt !== null) return
  const scope = await merge.chatScope(answer.id as ChatId)
  // Another tab has come further than this answer, unless the server itself went back: its database was restored.
  if (scope && answer.reset && answer.rev < scope.rev && answer.rev >= ask.since) return
  // What changed before the newest page was put in place would bring back rows that it may have left out since.
  if (scope && !answer.reset && answer.rev < scope.floor) return
  // An answer from the very beginning says everything once it has ended; a reset says it of the newest messages.
  if (answer.reset || (!scope && ask.since === 0)) establish(merge, answer, scope, answer.reset ? answer.rev : 0)
  else if (!scope || scope.rev < ask.since) {
    merge.errands.asks.add(answer.id)
    return
  }
  await mergeAnswer(merge, answer, await isAsAsked(merge, answer.id as ChatId, ask))
}

/** One page of the chats list: those that are not held yet are put in place, the others are brought up to date by being asked for. */
export async function applyChatsPage(merge: Merge, page: ChatsPage, readSeqs: Map<ChatId, number>): Promise<void> {
  for (const answer of page.chats) {
    const id = answer.id as ChatId
    const membership = await merge.membership(id)
    if (answer.gone || (membership && membership.leftAt !== null)) continue
    const scope = await merge.chatScope(id)
    if (!scope) {
      establish(merge, answer, undefined, answer.rev)
      await mergeAnswer(merge, answer, (membership?.readSeq ?? 0) === (readSeqs.get(id) ?? 0))
    } else if (scope.rev < answer.rev) merge.errands.asks.add(id)
  }
}

export async function applyState(merge: Merge, answer: StateAnswer, asks: Map<ScopeId, Ask>): Promise<void> {
  for (const scope of answer.scopes) {
    const ask = asks.get(scope.id) ?? { id: scope.id, since: 0, membershipRev: 0, readSeq: 0 }
    await applyAnswer(merge, scope, ask)
  }
  for (const { id } of answer.behind) merge.errands.asks.add(id)
  for (const { chatId, read, delivered } of answer.positions) await applyPositions(merge, chatId, { read, delivered })
}

/** A page of history. False: it is older than what was put in place since, and has to be fetched again. */
export async function applyHistory(
  merge: Merge,
  ask: { chatId: ChatId; before?: number | undefined; after?: number | undefined },
  answer: { rev: number; messages: MessageRow[]; more: boolean },
): Promise<boolean> {
  const scope = await merge.chatScope(ask.chatId)
  if (!scope || answer.rev < scope.floor) return false
  await mergeRows(merge, { messages: answer.messages }, 'snapshot')
  const first = answer.messages[0]?.seq
  const last = answer.messages.at(-1)?.seq
  const start = visibleFrom(await merge.membership(ask.chatId), await merge.tx.get('chats', ask.chatId))
  if (ask.after !== undefined) {
    if (last !== undefined) await holdRange(merge, ask.chatId, Math.max(ask.after + 1, start), last)
    return true
  }
  const end = ask.before === undefined ? last : ask.before - 1
  const beginning = answer.more ? first : start
  if (end !== undefined && beginning !== undefined) await holdRange(merge, ask.chatId, Math.max(beginning, start), end)
  return true
}

export async function applyRead(merge: Merge, answer: { membership: MembershipRow; unread: Unread }): Promise<void> {
  await mergeRows(merge, { memberships: [answer.membership] }, 'answer')
  const { chatId, readSeq } = answer.membership
  const [scope, membership] = [await merge.chatScope(chatId), await merge.membership(chatId)]
  if (!scope || membership?.readSeq !== readSeq) return
  const touch = merge.touch(scope)
  if (scope.readTo <= readSeq) touch.base = answer.unread
}

/** Positions only grow, whichever way they come. */
export async function applyPositions(merge: Merge, chatId: ChatId, positions: Positions): Promise<void> {
  const scope = await merge.chatScope(chatId)
  if (!scope) return
  const read = Math.max(scope.positions.read, positions.read)
  const delivered = Math.max(scope.positions.delivered, positions.delivered)
  if (read === scope.positions.read && delivered === scope.positions.delivered) return
  merge.changes.chats.add(chatId)
  merge.setScope({ ...scope, positions: { read, delivered } })
}

async function applyPlain(merge: Merge, answer: ScopeAnswer, kind: 'user' | 'directory', ask: Ask): Promise<void> {
  const rev = (await merge.scope(answer.id))?.rev ?? 0
  if (answer.reset && ask.since > answer.rev) return await startOver(merge, answer, kind)
  if (!answer.reset && ask.since > rev) return void merge.errands.asks.add(answer.id)
  await mergeRows(merge, answer.rows, 'snapshot')
  merge.setScope({ id: answer.id, kind, rev: Math.max(rev, answer.rev) })
  if (answer.more) merge.errands.asks.add(answer.id)
  // Of the directory just some rows are held: after a gap they are asked for by name.
  if (answer.reset) for (const person of await merge.tx.all('people')) merge.errands.people.add(person.id)
}

/** The server's database was restored, its revisions begin again lower: what is held would win against everything that comes. */
async function startOver(merge: Merge, answer: ScopeAnswer, kind: 'user' | 'directory'): Promise<void> {
  if (kind === 'directory') {
    for (const person of await merge.tx.all('people')) {
      merge.tx.put('people', { ...person, rev: 0 })
      merge.errands.people.add(person.id)
    }
  } else {
    for (const row of await merge.tx.all('memberships')) merge.tx.delete('memberships', row.chatId)
    for (const row of await merge.tx.all('settings')) merge.tx.delete('settings', row.userId)
    for (const row of await merge.tx.all('sessions')) merge.tx.delete('sessions', row.id)
    for (const row of await merge.tx.all('mySeats')) merge.tx.delete('mySeats', row.seatId)
  }
  merge.setScope({ id: answer.id, kind, rev: 0 })
  merge.errands.asks.add(answer.id)
}

async function applyGone(merge: Merge, id: ChatId, membership: MembershipRow | undefined, ask: Ask): Promise<void> {
  // Someone who was added again in the meantime must not lose the chat to an answer about the time before.
  if ((membership?.rev ?? 0) !== ask.membershipRev) {
    merge.errands.asks.add(id)
    return
  }
  merge.tx.delete('memberships', id)
  await dropChat(merge, id)
}

function establish(merge: Merge, answer: ScopeAnswer, before: ChatScope | undefined, floor: number): void {
  const id = answer.id as ChatId
  if (before) {
    forgetMessages(merge, id)
    merge.tx.delete('chats', id)
  }
  const scope: ChatScope = {
    id,
    kind: 'chat',
    rev: answer.rev,
    floor,
    ranges: [],
    top: 0,
    topAt: null,
    newest: 0,
    count: { unread: 0, atRev: 0, after: -1, doubt: true },
    positions: before?.positions ?? { read: 0, delivered: 0 },
    readTo: before?.readTo ?? 0,
  }
  noteMessage(merge.changes, id, 'all')
  merge.setScope(scope)
}

async function mergeAnswer(merge: Merge, answer: ScopeAnswer, asAsked: boolean): Promise<void> {
  const id = answer.id as ChatId
  const scope = await merge.chatScope(id)
  if (!scope) return
  const touch = merge.touch(scope)
  if (asAsked && answer.unread) touch.base = answer.unread
  await mergeRows(merge, answer.rows, 'snapshot')
  const merged = (await merge.chatScope(id)) ?? scope
  merge.setScope({ ...merged, rev: Math.max(merged.rev, answer.rev) })
  if (answer.positions) await applyPositions(merge, id, answer.positions)
  if (answer.more) merge.errands.asks.add(id)
}

/** The server counted from the same read position as this device would. */
async function isAsAsked(merge: Merge, id: ChatId, ask: Ask): Promise<boolean> {
  const [membership, scope] = [await merge.membership(id), await merge.chatScope(id)]
  const readSeq = membership?.readSeq ?? 0
  return readSeq === ask.readSeq && (scope?.readTo ?? 0) <= readSeq
}
