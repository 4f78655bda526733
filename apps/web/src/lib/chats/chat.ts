import type { ChatId, UserId } from '@veche/shared/ids'
import type { Positions } from '@veche/shared/live'
import type { ChatRow, MembershipRow, MessageRow } from '@veche/shared/rows/rows'
import type { ReadTransaction } from '#lib/store/backend/backend.ts'
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

export async function readChats(tx: ReadTransaction<ChatStore>, me: UserId): Promise<Chat[]> {
  const [scopes, outbox] = await Promise.all([tx.all('scopes'), tx.all('outbox')])
  const held = scopes.filter((scope): scope is ChatScope => scope.kind === 'chat')
  const [rows, memberships, drafts] = await Promise.all([tx.all('chats'), tx.all('memberships'), tx.all('drafts')])
  const byId = new Map(rows.map((row) => [row.id, row]))
  const mine = new Map(memberships.map((row) => [row.chatId, row]))
  const written = new Map(drafts.map((row) => [row.chatId, row]))
  const waiting = Map.groupBy(outbox, (command) => command.chatId)
  const chats = held.map(async (scope) => {
    const [row, membership] = [byId.get(scope.id), mine.get(scope.id)]
    if (!row || !membership) return null
    const last = scope.top > 0 ? ((await tx.message(scope.id, scope.top)) ?? null) : null
    return toChat({
      me,
      scope,
      row,
      membership,
      last,
      draft: written.get(scope.id),
      commands: waiting.get(scope.id) ?? [],
    })
  })
  return (await Promise.all(chats)).filter((chat) => chat !== null)
}

/** Null when this device does not hold the chat. */
export async function readChat(tx: ReadTransaction<ChatStore>, me: UserId, id: ChatId): Promise<Chat | null> {
  const [scope, row, membership] = await Promise.all([
    tx.get('scopes', id),
    tx.get('chats', id),
    tx.get('memberships', id),
  ])
  if (scope?.kind !== 'chat' || !row || !membership) return null
  const [last, draft, outbox] = await Promise.all([tx.message(id, scope.top), tx.get('drafts', id), tx.all('outbox')])
  const commands = outbox.filter((command) => command.chatId === id)
  return toChat({ me, scope, row, membership, last: last ?? null, draft, commands })
}

/** Compares for the list: pinned chats first, the last pinned on top, then by the time of the last message. */
export function compareChats(one: Chat, other: Chat): number {
  const [pin, otherPin] = [one.membership.pinnedAt ?? '', other.membership.pinnedAt ?? '']
  return otherPin.localeCompare(pin) || other.at.localeCompare(one.at) || one.id.localeCompare(other.id)
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
