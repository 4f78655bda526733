import type { ClientId, ChatId, UserId } from '@veche/shared/ids'
import { expect, test } from 'vitest'
import { absences } from './absences.ts'
import { delays } from './delays.ts'
import { violationsOf, oracles } from './oracles.ts'
import { calmRecord } from './samples.ts'
import { tamperings } from './tamperings.ts'

const chat = 'chat' as ChatId
const anna = 'anna' as UserId

test('a record without losses violates no oracle', () => {
  expect(violationsOf(calmRecord())).toEqual([])
})

test.each(tamperings)('the oracle "$oracle" notices: $what', ({ oracle, tamper }) => {
  const record = calmRecord()
  tamper(record)
  expect(violationsOf(record).map((violation) => violation.oracle)).toContain(oracle)
})

test('every oracle has a tampering that violates it', () => {
  expect(new Set(tamperings.map(({ oracle }) => oracle))).toEqual(new Set(oracles.map(({ name }) => name)))
})

test('an absence lasts from the removal message to the message that adds the person again', () => {
  const [first, second, ...more] = absences(calmRecord().stored)
  expect(more).toEqual([])
  expect(first).toMatchObject({ userId: 'boris', from: 3, to: 5 })
  expect(second).toMatchObject({ userId: 'boris', from: 6, to: Infinity })
})

test('a delay counts when the device was online all the time, and belongs to "without Redis" only while Redis was down', () => {
  const record = calmRecord()
  expect(delays(record)).toEqual({ withRedis: [20], withoutRedis: [900] })
  record.outages.push({ of: 'postgres', from: 0, to: 10_000 })
  expect(delays(record)).toEqual({ withRedis: [], withoutRedis: [] })
})

test("a message of the device's own user and an unknown row are not deliveries", () => {
  const record = calmRecord()
  record.sightings = [
    { device: 'phone', userId: anna, chatId: chat, seq: 1, at: 9_000, steady: true },
    { device: 'phone', userId: anna, chatId: chat, seq: 77, at: 9_000, steady: true },
  ]
  expect(delays(record)).toEqual({ withRedis: [], withoutRedis: [] })
})

test('a message that was never sent counts as lost, unless its author was removed', () => {
  const record = calmRecord()
  record.composed.push({
    ...record.composed[1]!,
    clientId: 'c9' as ClientId,
    author: 'boris' as UserId,
    device: 'tablet',
  })
  expect(violationsOf(record)).toEqual([])
  record.composed.push({ ...record.composed[0]!, clientId: 'c8' as ClientId, order: 9 })
  expect(violationsOf(record)).toMatchObject([{ oracle: 'lost' }])
})
