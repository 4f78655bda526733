import { newId, type ChatId, type ClientId, type UserId } from '@veche/shared/ids'
import type { MessageRow } from '@veche/shared/rows/rows'
import { expect, test } from 'vitest'
import type { MessageCommand } from '#lib/store/commands.ts'
import { MessageItems, type MessageItem } from './message-items.ts'

const me = newId<UserId>()
const friend = newId<UserId>()
const chatId = newId<ChatId>()
const start = new Date(2026, 10, 20, 12, 0).getTime()

function message(seq: number, authorId: UserId, minute: number, more: Partial<MessageRow> = {}): MessageRow {
  const createdAt = new Date(start + minute * 60_000).toISOString()
  const base = {
    chatId,
    seq,
    rev: seq,
    authorId,
    kind: 'text' as const,
    body: `text ${seq}`,
    system: null,
    call: null,
  }
  return { ...base, clientId: newId(), createdAt, editedAt: null, deletedAt: null, ...more }
}

function item(minute: number): MessageCommand {
  const composedAt = new Date(start + minute * 60_000).toISOString()
  return {
    id: newId(),
    kind: 'messages.send',
    chatId,
    input: { chatId, body: 'waits' },
    order: 1,
    composedAt,
    refusal: null,
  }
}

function list(rows: MessageRow[], pending: MessageCommand[] = [], firstUnread: number | null = null): MessageItem[] {
  return new MessageItems().list({ rows, pending, me, firstUnread })
}

function marks(rows: MessageRow[], pending: MessageCommand[] = [], firstUnread: number | null = null): string[] {
  return list(rows, pending, firstUnread).map((item) =>
    [item.startsDay && 'day', item.isFirstUnread && 'unread', item.startsGroup && 'starts', item.endsGroup && 'ends']
      .filter(Boolean)
      .join(' '),
  )
}

test('a member who gives a message the client id of another one shares no key with it', () => {
  const clientId = newId<ClientId>()
  const rows = [
    message(1, friend, 0, { clientId }),
    message(2, me, 1, { clientId }),
    message(3, newId(), 2, { clientId }),
  ]
  expect(list(rows).map(({ key }) => key)).toEqual(['1', clientId, '3'])
})

test('messages of one author with short pauses form a group', () => {
  expect(marks([message(1, friend, 0), message(2, friend, 1), message(3, friend, 2), message(4, me, 3)])).toEqual([
    'day starts',
    '',
    'ends',
    'starts ends',
  ])
})

test('a long pause, a system message and the first unread message end a group', () => {
  const system = message(3, friend, 21, { kind: 'system', system: { event: 'left' } })
  const rows = [message(1, friend, 0), message(2, friend, 20), system, message(4, friend, 22), message(5, friend, 23)]
  expect(marks(rows, [], 5)).toEqual([
    'day starts ends',
    'starts ends',
    'starts ends',
    'starts ends',
    'unread starts ends',
  ])
})

test('each day starts once, in the time zone of the reader', () => {
  const rows = [message(1, friend, 0), message(2, friend, 719), message(3, friend, 721), message(4, friend, 722)]
  expect(marks(rows).map((item) => item.includes('day'))).toEqual([true, false, true, false])
})

test('the unread divider stands at the next message when the first unread one is not held', () => {
  expect(marks([message(3, friend, 0), message(5, friend, 1)], [], 4)[1]).toContain('unread')
})

test('an unsent message joins my group and keeps its key when it is sent', () => {
  const waiting = item(1)
  expect(marks([message(1, me, 0)], [waiting])).toEqual(['day starts', 'ends'])
  const sent = message(2, me, 1, { clientId: waiting.id })
  const keys = (rows: MessageRow[], pending: MessageCommand[]) => list(rows, pending).map((item) => item.key)
  expect(keys([], [waiting])).toEqual(keys([sent], []))
})

test('ten thousand messages are listed in well under a second', () => {
  const rows = Array.from({ length: 10_000 }, (_, index) => message(index + 1, index % 3 ? friend : me, index))
  const items = new MessageItems()
  items.list({ rows, pending: [], me, firstUnread: null })
  const before = performance.now()
  items.list({ rows, pending: [], me, firstUnread: null })
  expect(performance.now() - before).toBeLessThan(500)
})
