import { newId, type ChatId, type UserId } from '@veche/shared/ids'
import type { MessageRow } from '@veche/shared/rows/rows'
import { expect, test } from 'vitest'
import type { OutboxItem } from '#lib/store/tables.ts'
import { toLines } from './message-items.ts'

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
  return { ...base, id: newId(), clientId: newId(), createdAt, editedAt: null, deletedAt: null, ...more }
}

function item(minute: number): OutboxItem {
  const composedAt = new Date(start + minute * 60_000).toISOString()
  return { clientId: newId(), chatId, body: 'waits', order: 1, composedAt, refusal: null }
}

function shape(rows: MessageRow[], pending: OutboxItem[] = [], divider: number | null = null): string[] {
  const lines = toLines(rows, pending, me, divider)
  return lines.map(({ first, last, day, divider }) =>
    [day && 'day', divider && 'new', first && 'first', last && 'last'].filter(Boolean).join(' '),
  )
}

test('messages of one author that were written together stand together', () => {
  expect(shape([message(1, friend, 0), message(2, friend, 1), message(3, friend, 2), message(4, me, 3)])).toEqual([
    'day first',
    '',
    'last',
    'first last',
  ])
})

test('a pause, a system message and the unread divider end a group', () => {
  const system = message(3, friend, 21, { kind: 'system', system: { event: 'left' } })
  const rows = [message(1, friend, 0), message(2, friend, 20), system, message(4, friend, 22), message(5, friend, 23)]
  expect(shape(rows, [], 5)).toEqual(['day first last', 'first last', 'first last', 'first last', 'new first last'])
})

test('each day begins once, in the time of the reader', () => {
  const rows = [message(1, friend, 0), message(2, friend, 719), message(3, friend, 721), message(4, friend, 722)]
  expect(shape(rows).map((line) => line.includes('day'))).toEqual([true, false, true, false])
})

test('the divider stands at the first message that is there when the unread one is not', () => {
  expect(shape([message(3, friend, 0), message(5, friend, 1)], [], 4)[1]).toContain('new')
})

test('what waits joins my own group, and keeps its key when it has been sent', () => {
  const waiting = item(1)
  expect(shape([message(1, me, 0)], [waiting])).toEqual(['day first', 'last'])
  const sent = message(2, me, 1, { clientId: waiting.clientId })
  const keys = (rows: MessageRow[], pending: OutboxItem[]) => toLines(rows, pending, me, null).map((line) => line.key)
  expect(keys([], [waiting])).toEqual(keys([sent], []))
})

test('ten thousand messages are laid out in well under a second', () => {
  const rows = Array.from({ length: 10_000 }, (_, at) => message(at + 1, at % 3 ? friend : me, at))
  toLines(rows, [], me, null)
  const before = performance.now()
  toLines(rows, [], me, null)
  expect(performance.now() - before).toBeLessThan(500)
})
