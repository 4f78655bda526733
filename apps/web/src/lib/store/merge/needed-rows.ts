import type { ChatId, UserId } from '@veche/shared/ids'
import type { Rows } from '@veche/shared/rows/rows'
import { rangeOf } from '../ranges.ts'
import type { Merge } from './Merge.ts'

/** Reads at once what merging these rows is going to need. What is not read ahead is read when it is needed. */
export async function readAhead(merge: Merge, all: Rows[]): Promise<void> {
  const chats = new Set<string>()
  const memberships = new Set<string>()
  const people = new Set<UserId>()
  const outbox = new Set<string>()
  for (const rows of all) {
    for (const { chatId } of rows.memberships ?? []) memberships.add(chatId)
    for (const { id, pair } of rows.chats ?? []) {
      chats.add(id)
      for (const person of pair ?? []) people.add(person)
    }
    for (const { chatId, authorId, clientId } of rows.messages ?? []) {
      chats.add(chatId)
      people.add(authorId)
      if (authorId === merge.me && clientId !== null) outbox.add(clientId)
    }
    for (const { id } of rows.people ?? []) people.add(id)
  }
  for (const id of chats) memberships.add(id)
  if (memberships.size > 0) await merge.tx.readAhead({ tables: { memberships }, messages: [] })
  // A membership that is held already changes nothing in its chat.
  for (const rows of all)
    for (const row of rows.memberships ?? [])
      if (((await merge.membership(row.chatId))?.rev ?? -1) < row.rev) chats.add(row.chatId)
  const ofChats = chats.size > 0 ? { chats, scopes: chats } : {}
  const unknown = [...people].filter((id) => !merge.isKept(id))
  await merge.tx.readAhead({ tables: { ...ofChats, people: unknown, outbox }, messages: [] })
  await merge.tx.readAhead({ tables: {}, messages: await heldMessages(merge, all) })
}

/** Those of the messages that are held: only these are worth a read. */
async function heldMessages(merge: Merge, all: Rows[]): Promise<[ChatId, number][]> {
  const held: [ChatId, number][] = []
  for (const { messages = [] } of all)
    for (const { chatId, seq } of messages) {
      const scope = await merge.chatScope(chatId)
      if (scope && rangeOf(scope.ranges, seq)) held.push([chatId, seq])
    }
  return held
}
