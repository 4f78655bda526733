import { expect, test } from 'vitest'
import { good, Scales } from './QualityMeter.ts'

const connected = { dtlsState: 'connected' as const }
const sent = (...scores: number[]) => ({ paused: false, producer: { score: scores.map((score) => ({ score })) } })
const received = (score: number | undefined, squeezed = false) => ({ score, squeezed })
const calm = { send: connected, recv: connected, producing: [sent(10)], feeds: [received(10)], delay: 40 }

/** What is said when it stays like this. */
function said(change: Partial<Parameters<Scales['weigh']>[0]>, looks = 2) {
  const scales = new Scales()
  for (let look = 1; look < looks; look += 1) scales.weigh({ ...calm, ...change })
  return scales.weigh({ ...calm, ...change })
}

test('what arrives well is good, and nothing has a reason', () => {
  expect(said({})).toBe(good)
})

test('what I send and what I receive are told apart, the worst stream counts', () => {
  expect(said({ producing: [sent(10), sent(6)] })).toEqual({ up: 'weak', down: 'good', reason: 'loss' })
  expect(said({ feeds: [received(10), received(2)] })).toEqual({ up: 'good', down: 'bad', reason: 'loss' })
})

test('of several layers the best that arrives counts: browsers leave out the large ones', () => {
  expect(said({ producing: [sent(10, 0, 0)] })).toBe(good)
})

test('nothing that arrives at all is bad, unless it is paused', () => {
  expect(said({ producing: [sent(0)] })).toMatchObject({ up: 'bad' })
  expect(said({ producing: [{ ...sent(0), paused: true }] })).toBe(good)
})

test('a layer that stays smaller than the tile asks for is a lack of room; a way that still grows is none', () => {
  const small = { feeds: [received(10, true)] }
  expect(said(small, 10)).toBe(good)
  expect(said(small, 12)).toEqual({ up: 'good', down: 'weak', reason: 'bandwidth' })
  const scales = new Scales()
  for (let look = 0; look < 30; look += 1)
    expect(scales.weigh({ ...calm, feeds: [received(10, look % 9 < 8)] })).toBe(good)
})

test('a slow way is delay', () => {
  expect(said({ delay: 900 })).toEqual({ up: 'good', down: 'weak', reason: 'delay' })
})

test('before a way is connected nothing is said of it', () => {
  const waiting = { dtlsState: 'connecting' as const }
  expect(said({ send: waiting, recv: waiting, producing: [sent(0)], feeds: [received(0)] })).toBe(good)
})

test('one bad second changes no mark, and neither does one good second in between', () => {
  const scales = new Scales()
  const bad = { ...calm, producing: [sent(1)] }
  expect(scales.weigh(bad)).toBe(good)
  expect(scales.weigh(calm)).toBe(good)
  scales.weigh(bad)
  const told = scales.weigh(bad)
  expect(told.up).toBe('bad')
  expect(scales.weigh(calm)).toBe(told)
  expect(scales.weigh(calm)).toBe(good)
})
