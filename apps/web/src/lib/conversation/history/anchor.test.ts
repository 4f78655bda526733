import type { MessageRow } from '@veche/shared/rows/rows'
import { expect, test } from 'vitest'
import { messageInAddress, startIndex } from './anchor.ts'
import type { MessageItem } from './message-items.ts'

test('an address names a message by a positive whole number, and anything else is ignored', () => {
  expect([messageInAddress('1'), messageInAddress('123456789')]).toEqual([1, 123_456_789])
  const others = [null, '', '0', '-1', '1.5', '1e3', '01', ' 7', '7 ', 'seven', '9999999999', 'Infinity']
  expect(others.map(messageInAddress)).toEqual(others.map(() => null))
})

const item = (seq: number, isFirstUnread = false) =>
  ({ kind: 'row', row: { seq } as MessageRow, isFirstUnread }) as MessageItem

test('the reader begins at the message that was asked for, else at the first unread one, else at the end', () => {
  const items = [item(1), item(2), item(3, true), item(4)]
  expect(startIndex(items, { seq: 2, asked: 2 })).toBe(1)
  expect(startIndex(items, { seq: 4, asked: null })).toBe(3)
  expect(startIndex(items, null)).toBe(2)
  expect(startIndex([item(1), item(2)], null)).toBe(-1)
  expect(startIndex(items, { seq: 0, asked: 9 })).toBe(2)
})
