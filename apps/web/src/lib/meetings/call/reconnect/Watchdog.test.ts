import { expect, test } from 'vitest'
import { type MediaSample, Watchdog } from './Watchdog.ts'

const key = 'seat cam' as MediaSample['received'][number]['key']

test('an open microphone is silent when nothing has come out of it for ten seconds, and no longer when something does', () => {
  const stalls = check([...Array(11).fill({ micEnergy: 3 }), { micEnergy: 3.5 }])
  expect(stalls.map(({ micSilent }) => micSilent)).toEqual([...Array(10).fill(false), true, false])
})

test('a microphone that was muted in between is given its ten seconds again', () => {
  const stalls = check([...Array(9).fill({ micEnergy: 3 }), { micEnergy: null }, ...Array(9).fill({ micEnergy: 3 })])
  expect(stalls.some(({ micSilent }) => micSilent)).toBe(false)
})

test('a microphone in a quiet room is not silent', () => {
  const stalls = check(Array.from({ length: 30 }, (_, second) => ({ micEnergy: second * 1e-9 })))
  expect(stalls.some(({ micSilent }) => micSilent)).toBe(false)
})

test('a camera that gives no picture for four seconds is frozen', () => {
  const stalls = check([{ camFrames: 10 }, { camFrames: 40 }, ...Array(4).fill({ camFrames: 40 }), { camFrames: 41 }])
  expect(stalls.map(({ camFrozen }) => camFrozen)).toEqual([false, false, false, false, false, true, false])
})

const frames = (count: number, starved = false) => ({ received: [{ key, id: 'one', frames: count, starved }] })

test('for a received picture that stands still one key frame is requested after three seconds, and after seven it is frozen', () => {
  const stalls = check(Array(9).fill(frames(5)))
  expect(stalls.map(({ needKeyFrame }) => needKeyFrame.length)).toEqual([0, 0, 0, 1, 0, 0, 0, 0, 0])
  expect(stalls.map(({ frozen }) => frozen.has(key))).toEqual([...Array(7).fill(false), true, true])
})

test('a received picture that moves is no longer frozen, and a key frame is requested again when it stops again', () => {
  const stalls = check([...Array(8).fill(frames(5)), frames(6), ...Array(4).fill(frames(6))])
  expect(stalls[8]?.frozen.size).toBe(0)
  expect(stalls.filter(({ needKeyFrame }) => needKeyFrame.length > 0)).toHaveLength(2)
})

test('a received picture for which the network has no room is frozen, and no key frame is requested', () => {
  const stalls = check(Array(9).fill(frames(5, true)))
  expect(stalls.some(({ needKeyFrame }) => needKeyFrame.length > 0)).toBe(false)
  expect(stalls.at(-1)?.frozen.has(key)).toBe(true)
})

test('a received picture that was hidden in between is given its seven seconds again', () => {
  const stalls = check([...Array(6).fill(frames(5)), {}, ...Array(3).fill(frames(5))])
  expect(stalls.some(({ frozen }) => frozen.size > 0)).toBe(false)
})

/** Checks one sample a second. */
function check(samples: Partial<MediaSample>[]) {
  const watchdog = new Watchdog()
  return samples.map((sample, second) =>
    watchdog.check({ at: second * 1_000, micEnergy: null, camFrames: null, received: [], ...sample }),
  )
}
