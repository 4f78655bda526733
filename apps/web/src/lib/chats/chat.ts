import type { ChatId, UserId } from '@veche/shared/ids'
import type { Positions } from '@veche/shared/live'
import type { ChatRow, MembershipRow, MessageRow } from '@veche/shared/rows/rows'
import type { ReadTransaction } from '#lib/store/backend/backend.ts'
import { readMany } from '#lib/store/backend/many-rows.ts'
import { byOrder, isMessage, type Command, type MessageCommand } from '#lib/store/commands.ts'
import type { ChatScope, Draft } from '#lib/store/tables.ts'
import { withMyChanges } from './my-changes.ts'

/** A chat as one member sees it: what the list and the header of the conversation show. */
export type Chat = {
  id: ChatId
  row: ChatRow
  /** With my changes that the server does not know yet. */
  membership: MembershipRow
  /** The other person of a direct chat. */
  other: UserId | null
  unread: number
  last: MessageRow | null
  /** The last message that was not sent yet, or that the server refused. */
  pending: MessageCommand | null
  /** The texts of all such messages, in their order. */
  unsent: readonly string[]
  draft: string
  positions: Positions
  /** The newest `seq` of the chat, and the last one that was read. */
  top: number
  readTo: number
  /** The time of the last message, for the order of the list. */
  at: string
  /** Whether the list shows it before anybody searches. */
  listed: boolean
}

/** What a chat is read from. */
export const chatStores = ['scopes', 'chats', 'memberships', 'drafts', 'outbox', 'messages'] as const
type ChatStore = (typeof chatStores)[number]

/** What the largest screen shows of the list, and some more to scroll. */
const FIRST_CHATS = 60
const MAX_PINNED_READ = 200
/** Chats that one transaction reads: a copy of more of them would keep the main thread busy. */
const CHATS_PER_READ = 200

/** The chats on top of the list: pinned ones, those with an unsent message, and those with the newest messages. */
export async function readFirstChats(tx: ReadTransaction<ChatStore>, me: UserId): Promise<Chat[]> {
  const [newest, pinned, outbox] = await Promise.all([
    tx.last('scopes', FIRST_CHATS),
    tx.last('memberships', MAX_PINNED_READ),
    tx.all('outbox'),
  ])
  const ids = [
    ...newest.map(({ id }) => id),
    ...pinned.map(({ chatId }) => chatId),
    ...outbox.map(({ chatId }) => chatId),
  ]
  const chats = await readChatsById(
    tx,
    me,
    [...new Set(ids)].filter((id): id is ChatId => id !== null),
  )
  return chats.filter((chat) => chat !== null)
}

/** Some chats in the order of their ids, after `key`. `next` is null when there are no more. */
export async function readChatsAfter(
  tx: ReadTransaction<ChatStore>,
  me: UserId,
  key: string,
): Promise<{ chats: Chat[]; next: string | null }> {
  const scopes = await tx.after('scopes', key, { count: CHATS_PER_READ })
  const to = scopes.at(-1)?.id
  if (to === undefined) return { chats: [], next: null }
  const [rows, memberships, drafts, outbox] = await Promise.all([
    tx.after('chats', key, { to }),
    tx.after('memberships', key, { to }),
    tx.after('drafts', key, { to }),
    tx.all('outbox'),
  ])
  const byId = new Map(rows.map((row) => [row.id, row]))
  const mine = new Map(memberships.map((row) => [row.chatId, row]))
  const written = new Map(drafts.map((row) => [row.chatId, row]))
  const waiting = Map.groupBy(outbox, (command) => command.chatId)
  const chats = scopes.map(async (scope) => {
    if (scope.kind !== 'chat') return null
    const [row, membership] = [byId.get(scope.id), mine.get(scope.id)]
    if (!row || !membership) return null
    const last = scope.top > 0 ? ((await tx.message(scope.id, scope.top)) ?? null) : null
    const [draft, commands] = [written.get(scope.id), waiting.get(scope.id) ?? []]
    return toChat({ me, scope, row, membership, last, draft, commands })
  })
  const read = (await Promise.all(chats)).filter((chat) => chat !== null)
  return { chats: read, next: scopes.length < CHATS_PER_READ ? null : to }
}

/** Null when this device does not hold the chat. */
export async function readChat(tx: ReadTransaction<ChatStore>, me: UserId, id: ChatId): Promise<Chat | null> {
  return (await readChatsById(tx, me, [id]))[0] ?? null
}

/** Null for a chat that this device does not hold. */
export async function readChatsById(
  tx: ReadTransaction<ChatStore>,
  me: UserId,
  ids: ChatId[],
): Promise<(Chat | null)[]> {
  const [scopes, rows, memberships, drafts, outbox] = await Promise.all([
    readMany(tx, 'scopes', ids),
    readMany(tx, 'chats', ids),
    readMany(tx, 'memberships', ids),
    readMany(tx, 'drafts', ids),
    tx.all('outbox'),
  ])
  const waiting = Map.groupBy(outbox, (command) => command.chatId)
  const chats = ids.map(async (id) => {
    const [scope, row, membership, draft] = [scopes.get(id), rows.get(id), memberships.get(id), drafts.get(id)]
    if (scope?.kind !== 'chat' || !row || !membership) return null
    const last = scope.top > 0 ? ((await tx.message(id, scope.top)) ?? null) : null
    return toChat({ me, scope, row, membership, last, draft, commands: waiting.get(id) ?? [] })
  })
  return await Promise.all(chats)
}

/** Compares for the list: pinned chats first, the last pinned on top, then by the time of the last message. */
export function compareChats(one: Chat, other: Chat): number {
  return (
    descending(one.membership.pinnedAt ?? '', other.membership.pinnedAt ?? '') ||
    descending(one.at, other.at) ||
    descending(other.id, one.id)
  )
}

/** Times and ids are of ASCII. To compare thousands of them as words of a language would take a hundred times as long. */
function descending(one: string, other: string): number {
  return one === other ? 0 : one > other ? -1 : 1
}

type Parts = {
  me: UserId
  scope: ChatScope
  row: ChatRow
  membership: MembershipRow
  last: MessageRow | null
  draft: Draft | undefined
  commands: Command[]
}

function toChat({ me, scope, row, membership, last, draft, commands }: Parts): Chat {
  const inOrder = commands.toSorted(byOrder)
  const waiting = inOrder.filter(isMessage)
  const pending = waiting.at(-1) ?? null
  return {
    id: scope.id,
    row,
    membership: withMyChanges(membership, inOrder),
    other: row.pair?.find((id) => id !== me) ?? null,
    unread: scope.count.unread,
    last,
    pending,
    unsent: waiting.map(({ input }) => input.body),
    draft: draft?.body ?? '',
    positions: scope.positions,
    top: scope.top,
    readTo: Math.max(scope.readTo, membership.readSeq),
    at: [pending?.composedAt, scope.topAt, row.createdAt].reduce<string>(later, ''),
    // A direct chat is listed once it has a message, the chat of a meeting once somebody wrote in it.
    listed: (row.kind === 'group' ? !row.meetingOnly : scope.top > 0) || pending !== null || Boolean(draft?.body),
  }
}

function later(one: string, other: string | null | undefined): string {
  return other && other > one ? other : one
}
