import { expect, test } from 'vitest'
import { goodQuality, QualityMeter } from './QualityMeter.ts'

const connected = { dtlsState: 'connected' as const }
const sent = (...scores: number[]) => ({ paused: false, producer: { score: scores.map((score) => ({ score })) } })
const received = (score: number | undefined, lacksBandwidth = false) => ({
  score,
  lacksBandwidth,
  isStarved: undefined,
})
const picture = (isStarved: boolean) => ({ ...received(10), isStarved })
const calm = { send: connected, recv: connected, publications: [sent(10)], subscriptions: [received(10)], delayMs: 40 }

/** The quality after `count` equal measurements. */
function qualityAfter(change: Partial<Parameters<QualityMeter['update']>[0]>, count = 2) {
  const meter = new QualityMeter()
  for (let index = 1; index < count; index += 1) meter.update({ ...calm, ...change })
  return meter.update({ ...calm, ...change })
}

test('media that arrives well is good and has no reason', () => {
  expect(qualityAfter({})).toBe(goodQuality)
})

test('sent and received media have levels of their own, and the worst stream counts', () => {
  expect(qualityAfter({ publications: [sent(10), sent(6)] })).toEqual({ up: 'weak', down: 'good', reason: 'loss' })
  expect(qualityAfter({ subscriptions: [received(10), received(2)] })).toEqual({
    up: 'good',
    down: 'bad',
    reason: 'loss',
  })
})

test('the best layer of a publication counts, because browsers leave out large layers', () => {
  expect(qualityAfter({ publications: [sent(10, 0, 0)] })).toBe(goodQuality)
})

test('a publication that does not arrive at all is bad, unless it is paused', () => {
  expect(qualityAfter({ publications: [sent(0)] })).toMatchObject({ up: 'bad' })
  expect(qualityAfter({ publications: [{ ...sent(0), paused: true }] })).toBe(goodQuality)
})

test('a layer that stays smaller than its tile needs is a lack of bandwidth, but not while the estimate can still grow', () => {
  const small = { subscriptions: [received(10, true)] }
  expect(qualityAfter(small, 10)).toBe(goodQuality)
  expect(qualityAfter(small, 12)).toEqual({ up: 'good', down: 'weak', reason: 'bandwidth' })
  const meter = new QualityMeter()
  for (let index = 0; index < 30; index += 1)
    expect(meter.update({ ...calm, subscriptions: [received(10, index % 9 < 8)] })).toBe(goodQuality)
})

test('quality is bad with the reason bandwidth when most pictures that should be shown do not arrive at all, and weak when a few do not', () => {
  const starved = { subscriptions: [received(10), picture(true), picture(true), picture(false)] }
  expect(qualityAfter(starved, 4)).toBe(goodQuality)
  expect(qualityAfter(starved, 5)).toEqual({ up: 'good', down: 'bad', reason: 'bandwidth' })
  const few = { subscriptions: [picture(true), picture(false)] }
  expect(qualityAfter(few, 30)).toEqual({ up: 'good', down: 'weak', reason: 'bandwidth' })
})

test('quality recovers from starvation when the pictures arrive again', () => {
  const meter = new QualityMeter()
  for (let index = 0; index < 6; index += 1) meter.update({ ...calm, subscriptions: [picture(true)] })
  meter.update({ ...calm, subscriptions: [picture(false)] })
  expect(meter.update({ ...calm, subscriptions: [picture(false)] })).toBe(goodQuality)
})

test('a long delay is weak quality with the reason delay', () => {
  expect(qualityAfter({ delayMs: 900 })).toEqual({ up: 'good', down: 'weak', reason: 'delay' })
})

test('a transport that is not connected yet counts as good', () => {
  const connecting = { dtlsState: 'connecting' as const }
  expect(
    qualityAfter({ send: connecting, recv: connecting, publications: [sent(0)], subscriptions: [received(0)] }),
  ).toBe(goodQuality)
})

test('one bad second does not change the quality, and neither does one good second', () => {
  const meter = new QualityMeter()
  const bad = { ...calm, publications: [sent(1)] }
  expect(meter.update(bad)).toBe(goodQuality)
  expect(meter.update(calm)).toBe(goodQuality)
  meter.update(bad)
  const told = meter.update(bad)
  expect(told.up).toBe('bad')
  expect(meter.update(calm)).toBe(told)
  expect(meter.update(calm)).toBe(goodQuality)
})
