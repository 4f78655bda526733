import type { ChatId, ScopeId } from '@veche/shared/ids'
import type { ChatsPage, Positions, ScopeAnswer, StateAnswer } from '@veche/shared/live'
import type { MembershipRow } from '@veche/shared/rows/rows'
import type { ReadTransaction } from '../backend/backend.ts'
import { noteMessage } from '../changes.ts'
import type { ChatScope, ScopeRecord } from '../tables.ts'
import { dropChat, forgetMessages, type Merge } from './Merge.ts'
import { readAhead } from './needed-rows.ts'
import { applyPositions } from './read-positions.ts'
import { mergeRows } from './rows.ts'

/** What this device knew of a scope when it asked the server. If it knows more by now, parts of the answer are out of date. */
export type KnownCursor = {
  id: ScopeId
  since: number
  membershipRev: number
  readSeq: number
  positions?: Positions | undefined
}

export async function readKnownCursor(
  tx: ReadTransaction<'scopes' | 'memberships'>,
  id: ScopeId,
): Promise<KnownCursor> {
  const [scope, membership] = await Promise.all([tx.get('scopes', id), tx.get('memberships', id)])
  return knownCursor(id, scope, membership)
}

/** All scopes that are held: my user scope and the directory, then the chats, newest first. */
export async function readKnownCursors(tx: ReadTransaction<'scopes' | 'memberships'>): Promise<KnownCursor[]> {
  const [scopes, memberships] = [await tx.all('scopes'), await tx.all('memberships')]
  const mine = new Map<ScopeId, MembershipRow>(memberships.map((row) => [row.chatId, row]))
  const newest = (scope: ScopeRecord) => (scope.kind === 'chat' ? (scope.topAt ?? '') : '~')
  scopes.sort((a, b) => (newest(a) === newest(b) ? 0 : newest(a) > newest(b) ? -1 : 1))
  return scopes.map((scope) => knownCursor(scope.id, scope, mine.get(scope.id)))
}

function knownCursor(id: ScopeId, scope: ScopeRecord | undefined, membership: MembershipRow | undefined): KnownCursor {
  const { rev: membershipRev = 0, readSeq = 0 } = membership ?? {}
  const positions = scope?.kind === 'chat' ? scope.positions : undefined
  return { id, since: scope?.rev ?? 0, membershipRev, readSeq, positions }
}

export async function applyScopeAnswer(merge: Merge, answer: ScopeAnswer, known: KnownCursor): Promise<void> {
  if (answer.scope === 'meeting') return
  if (answer.scope !== 'chat') return await applyPlainAnswer(merge, answer, answer.scope, known)
  const id = answer.id as ChatId
  const membership = await merge.membership(id)
  if (answer.gone) return await applyGone(merge, id, membership, known)
  if (membership && membership.leftAt !== null) return
  const scope = await merge.chatScope(id)
  // Another tab has merged something newer than this answer. After a restored backup the answer is older too, but then its revision is
  // also below the one that was asked for.
  if (scope && answer.reset && answer.rev < scope.rev && answer.rev >= known.since) return
  // The held rows come from a newer answer that replaced the whole chat. This older one may contain rows that the newer left out on purpose.
  if (scope && !answer.reset && answer.rev < scope.replacedRev) return
  if (answer.reset) replaceChat(merge, answer, scope, answer.rev)
  // An answer from revision 0 on is complete once its last page has come.
  else if (!scope && known.since === 0) replaceChat(merge, answer, scope, 0)
  else if (!scope || scope.rev < known.since) {
    merge.followUps.scopes.add(id)
    return
  }
  await mergeChatAnswer(merge, answer, await isUnreadValid(merge, id, known))
}

/**
 * Merges one page of the list of chats: new chats are put in, chats that are held are fetched if they have changed. With each chat comes
 * my membership as it was just before the unread messages were counted.
 */
export async function applyChatsPage(merge: Merge, page: ChatsPage): Promise<void> {
  await readAhead(
    merge,
    page.chats.map(({ rows }) => rows),
  )
  for (const answer of page.chats) {
    const id = answer.id as ChatId
    const membership = await merge.membership(id)
    if (answer.gone || (membership && membership.leftAt !== null)) continue
    const scope = await merge.chatScope(id)
    if (!scope) {
      replaceChat(merge, answer, undefined, answer.rev)
      const counted = answer.rows.memberships?.[0]
      const newest = membership && membership.rev > (counted?.rev ?? 0) ? membership : counted
      await mergeChatAnswer(merge, answer, newest?.readSeq === counted?.readSeq)
    } else if (scope.rev < answer.rev) merge.followUps.scopes.add(id)
  }
}

export async function applyState(merge: Merge, answer: StateAnswer, known: Map<ScopeId, KnownCursor>): Promise<void> {
  await readAhead(
    merge,
    answer.scopes.map(({ rows }) => rows),
  )
  for (const scope of answer.scopes) {
    await applyScopeAnswer(
      merge,
      scope,
      known.get(scope.id) ?? { id: scope.id, since: 0, membershipRev: 0, readSeq: 0 },
    )
  }
  for (const { id } of answer.behind) merge.followUps.scopes.add(id)
  // What was held before cannot have sunk since.
  const moved = answer.positions.filter(({ chatId, read, delivered }) => {
    const { positions } = known.get(chatId) ?? {}
    return !positions || read > positions.read || delivered > positions.delivered
  })
  await merge.tx.readAhead({ tables: { scopes: moved.map(({ chatId }) => chatId) }, messages: [] })
  for (const { chatId, read, delivered } of moved) await applyPositions(merge, chatId, { read, delivered })
}

async function applyPlainAnswer(
  merge: Merge,
  answer: ScopeAnswer,
  kind: 'user' | 'directory',
  known: KnownCursor,
): Promise<void> {
  const rev = (await merge.scope(answer.id))?.rev ?? 0
  if (answer.reset && known.since > answer.rev) return await startOver(merge, answer, kind)
  if (!answer.reset && known.since > rev) return void merge.followUps.scopes.add(answer.id)
  await mergeRows(merge, answer.rows, 'snapshot')
  merge.setScope({ id: answer.id, kind, rev: Math.max(rev, answer.rev) })
  if (answer.more) merge.followUps.scopes.add(answer.id)
  // Only some rows of the directory are held. After a reset they are fetched by id.
  if (answer.reset) await fetchPeopleAnew(merge)
}

/** Revision 0 says in the database that they are to be fetched, also when this tab ends before they come. */
async function fetchPeopleAnew(merge: Merge): Promise<void> {
  for (const person of await merge.tx.all('people')) {
    merge.tx.put('people', { ...person, rev: 0 })
    merge.followUps.people.add(person.id)
  }
}

/**
 * The server's database was restored from a backup, so its revisions are lower than those held. The held rows are dropped, because
 * they would win against everything that comes.
 */
async function startOver(merge: Merge, answer: ScopeAnswer, kind: 'user' | 'directory'): Promise<void> {
  if (kind === 'directory') await fetchPeopleAnew(merge)
  else {
    for (const row of await merge.tx.all('memberships')) merge.tx.delete('memberships', row.chatId)
    for (const row of await merge.tx.all('settings')) merge.tx.delete('settings', row.userId)
    for (const row of await merge.tx.all('sessions')) merge.tx.delete('sessions', row.id)
    for (const row of await merge.tx.all('mySeats')) merge.tx.delete('mySeats', row.seatId)
    for (const row of await merge.tx.all('listened')) merge.tx.delete('listened', row.id)
  }
  merge.setScope({ id: answer.id, kind, rev: 0 })
  merge.followUps.scopes.add(answer.id)
}

async function applyGone(
  merge: Merge,
  id: ChatId,
  membership: MembershipRow | undefined,
  known: KnownCursor,
): Promise<void> {
  // If the user was added again meanwhile, this answer is about the time before: ask again.
  if ((membership?.rev ?? 0) !== known.membershipRev) {
    merge.followUps.scopes.add(id)
    return
  }
  merge.tx.delete('memberships', id)
  await dropChat(merge, id)
}

/** Drops what is held of the chat, so that the rows of this answer take its place. */
function replaceChat(merge: Merge, answer: ScopeAnswer, before: ChatScope | undefined, replacedRev: number): void {
  const id = answer.id as ChatId
  if (before) {
    forgetMessages(merge, id)
    merge.tx.delete('chats', id)
  }
  noteMessage(merge.changes, id, 'all')
  merge.setScope({
    id,
    kind: 'chat',
    rev: answer.rev,
    replacedRev,
    ranges: [],
    top: 0,
    topAt: null,
    newestRev: 0,
    count: { unread: 0, atRev: 0, after: -1, needsRecount: true },
    positions: before?.positions ?? { read: 0, delivered: 0 },
    readTo: before?.readTo ?? 0,
  })
}

async function mergeChatAnswer(merge: Merge, answer: ScopeAnswer, unreadValid: boolean): Promise<void> {
  const id = answer.id as ChatId
  const scope = await merge.chatScope(id)
  if (!scope) return
  const input = merge.touch(scope)
  if (unreadValid && answer.unread) input.fromServer = answer.unread
  await mergeRows(merge, answer.rows, 'snapshot')
  const merged = (await merge.chatScope(id)) ?? scope
  merge.setScope({ ...merged, rev: Math.max(merged.rev, answer.rev) })
  if (answer.positions) await applyPositions(merge, id, answer.positions)
  if (answer.more) merge.followUps.scopes.add(id)
}

/** Whether the server counted from the read position that this device has now. */
async function isUnreadValid(merge: Merge, id: ChatId, known: KnownCursor): Promise<boolean> {
  const [membership, scope] = [await merge.membership(id), await merge.chatScope(id)]
  const readSeq = membership?.readSeq ?? 0
  return readSeq === known.readSeq && (scope?.readTo ?? 0) <= readSeq
}
