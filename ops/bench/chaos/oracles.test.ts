import type { ClientId, ChatId, UserId } from '@veche/shared/ids'
import { expect, test } from 'vitest'
import { absences } from './absences.ts'
import { delays } from './delays.ts'
import { judge, oracles } from './oracles.ts'
import { calmRecord } from './samples.ts'
import { tamperings } from './tamperings.ts'

const chat = 'chat' as ChatId
const anna = 'anna' as UserId

test('a record of a day without losses breaks no rule', () => {
  expect(judge(calmRecord())).toEqual([])
})

test.each(tamperings)('the oracle "$oracle" notices: $what', ({ oracle, tamper }) => {
  const record = calmRecord()
  tamper(record)
  expect(judge(record).map((violation) => violation.oracle)).toContain(oracle)
})

test('there is a proof for every oracle', () => {
  expect(new Set(tamperings.map(({ oracle }) => oracle))).toEqual(new Set(oracles.map(({ name }) => name)))
})

test('a removal lasts from its own message to the one that adds the person again', () => {
  const [first, second, ...more] = absences(calmRecord().stored)
  expect(more).toEqual([])
  expect(first).toMatchObject({ userId: 'boris', from: 3, to: 5 })
  expect(second).toMatchObject({ userId: 'boris', from: 6, to: Infinity })
})

test('a delay counts when the device was there all the while, and is put down to Redis only while that was away', () => {
  const record = calmRecord()
  expect(delays(record)).toEqual({ withRedis: [20], withoutRedis: [900] })
  record.outages.push({ of: 'postgres', from: 0, to: 10_000 })
  expect(delays(record)).toEqual({ withRedis: [], withoutRedis: [] })
})

test('one’s own message and an unknown row are no delivery', () => {
  const record = calmRecord()
  record.sightings = [
    { device: 'phone', userId: anna, chatId: chat, seq: 1, at: 9_000, steady: true },
    { device: 'phone', userId: anna, chatId: chat, seq: 77, at: 9_000, steady: true },
  ]
  expect(delays(record)).toEqual({ withRedis: [], withoutRedis: [] })
})

test('a message that was never sent is lost, unless its writer was removed', () => {
  const record = calmRecord()
  record.composed.push({
    ...record.composed[1]!,
    clientId: 'c9' as ClientId,
    author: 'boris' as UserId,
    device: 'tablet',
  })
  expect(judge(record)).toEqual([])
  record.composed.push({ ...record.composed[0]!, clientId: 'c8' as ClientId, order: 9 })
  expect(judge(record)).toMatchObject([{ oracle: 'lost' }])
})
