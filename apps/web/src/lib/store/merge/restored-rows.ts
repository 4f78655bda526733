import type { ChatId } from '@veche/shared/ids'
import type { KeptRows } from '../backend/MemoryBackend.ts'
import type { Command } from '../commands.ts'
import { tableKeys, type ChatScope } from '../tables.ts'
import type { Merge } from './Merge.ts'
import { moveReadPosition } from './read-positions.ts'
import { mergePerson, mergeRows } from './rows.ts'

/**
 * Puts what another backend kept into the one that takes over. The cursors of the one that takes over stay, so the catch-up that follows
 * brings what both have missed. If it is empty, the browser has dropped the database, and the outbox is the one that was read last.
 */
export async function restoreRows(merge: Merge, kept: KeptRows | null, unsent: Command[]): Promise<void> {
  const isEmpty = (await merge.tx.all('scopes')).length === 0
  if (kept) await restoreSynced(merge, kept)
  if (isEmpty) for (const command of unsent) merge.tx.put('outbox', command)
  for (const { table, key } of kept?.changed ?? []) {
    const rows: (Command | KeptRows['tables']['drafts' | 'voiceParts'][number])[] = kept?.tables[table] ?? []
    const row = rows.find((each) => Reflect.get(each, tableKeys[table]) === key)
    if (row) merge.tx.put(table, row)
    else merge.tx.delete(table, key)
  }
  for (const scope of await merge.tx.all('scopes')) if (scope.kind === 'chat') merge.changes.chats.add(scope.id)
  merge.changes.outbox = true
}

async function restoreSynced(merge: Merge, { tables, messages }: KeptRows): Promise<void> {
  const { scopes, chats, memberships, people, sessions, settings, mySeats, listened, listProgress } = tables
  const ofChat = Map.groupBy(messages, (row) => row.chatId)
  for (const scope of scopes) {
    if (scope.kind !== 'chat') {
      if (!(await merge.scope(scope.id))) merge.setScope(scope)
    } else if (await merge.scope(scope.id)) {
      await mergeRows(merge, { messages: ofChat.get(scope.id) ?? [] }, 'answer')
    } else await putChat(merge, scope, tables, ofChat.get(scope.id) ?? [])
  }
  for (const row of people) {
    if (row.rev > 0) await merge.keepPerson(row.id)
    await mergePerson(merge, row)
  }
  await mergeRows(merge, { chats, memberships, sessions, settings, mySeats, listened }, 'answer')
  for (const scope of scopes) if (scope.kind === 'chat') await moveReadPosition(merge, scope.id, scope.readTo)
  for (const visit of tables.visits) merge.tx.put('visits', visit)
  for (const attachment of tables.attachments) merge.tx.put('attachments', attachment)
  for (const row of listProgress)
    if (!(await merge.tx.get('listProgress', row.name))?.done) merge.tx.put('listProgress', row)
}

/** A chat that only memory held, with its unread number as it was counted there. */
async function putChat(
  merge: Merge,
  scope: ChatScope,
  { chats, memberships }: KeptRows['tables'],
  messages: KeptRows['messages'],
): Promise<void> {
  const membership = memberships.find((row) => row.chatId === scope.id)
  const left = (await merge.membership(scope.id as ChatId))?.leftAt
  const chat = chats.find((row) => row.id === scope.id)
  if (left || !membership || !chat) return
  merge.setScope(scope)
  merge.tx.put('memberships', membership)
  merge.tx.put('chats', chat)
  for (const row of messages) merge.tx.putMessage(row)
}
