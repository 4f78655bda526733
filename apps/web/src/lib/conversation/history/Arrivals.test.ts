import { newId, type UserId } from '@veche/shared/ids'
import type { MessageRow } from '@veche/shared/rows/rows'
import { expect, test } from 'vitest'
import { Arrivals } from './Arrivals.ts'

const me = newId<UserId>()
const friend = newId<UserId>()
const row = (seq: number, authorId = friend, body = 'ok') => ({ seq, authorId, kind: 'text', body }) as MessageRow
const seqs = (rows: MessageRow[]) => rows.map(({ seq }) => seq)

test('what is there when a history is opened has not just arrived', () => {
  expect(new Arrivals().take([row(1), row(2)], me)).toEqual([])
})

test('two equal messages arrive one after the other, and each of them once', () => {
  const arrivals = new Arrivals()
  arrivals.take([row(1)], me)
  expect(seqs(arrivals.take([row(1), row(2)], me))).toEqual([2])
  expect(seqs(arrivals.take([row(1), row(2), row(3)], me))).toEqual([3])
  expect(arrivals.take([row(1), row(2), row(3)], me)).toEqual([])
})

test('of several messages that come at once the first is the oldest, and own ones are left out', () => {
  const arrivals = new Arrivals()
  arrivals.take([row(5)], me)
  expect(seqs(arrivals.take([row(5), row(6, me), row(7), row(8), row(9)], me))).toEqual([7, 8, 9])
})

test('older messages that come above have not arrived, and neither have those that come while the end is not shown', () => {
  const arrivals = new Arrivals()
  arrivals.take([row(5)], me)
  expect(arrivals.take([row(3), row(4), row(5)], me)).toEqual([])
  arrivals.forget()
  expect(arrivals.take([row(5), row(6)], me)).toEqual([])
  expect(seqs(arrivals.take([row(5), row(6), row(7)], me))).toEqual([7])
})
