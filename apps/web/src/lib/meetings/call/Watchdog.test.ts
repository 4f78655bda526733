import { describe, expect, test } from 'vitest'
import { type Sample, Watchdog } from './Watchdog.ts'

const key = 'seat cam' as Sample['incoming'][number]['key']

describe('an open microphone', () => {
  test('is silent when nothing at all has come out of it for ten seconds, and no longer when something does', () => {
    const verdicts = watch([...Array(11).fill({ micEnergy: 3 }), { micEnergy: 3.5 }])
    expect(verdicts.map(({ micSilent }) => micSilent)).toEqual([...Array(10).fill(false), true, false])
  })

  test('that is muted in between begins anew', () => {
    const verdicts = watch([
      ...Array(9).fill({ micEnergy: 3 }),
      { micEnergy: null },
      ...Array(9).fill({ micEnergy: 3 }),
    ])
    expect(verdicts.some(({ micSilent }) => micSilent)).toBe(false)
  })

  test('in a quiet room is not silent', () => {
    const verdicts = watch(Array.from({ length: 30 }, (_, second) => ({ micEnergy: second * 1e-9 })))
    expect(verdicts.some(({ micSilent }) => micSilent)).toBe(false)
  })
})

test('a camera that gives no picture for four seconds stands still', () => {
  const verdicts = watch([{ camFrames: 10 }, { camFrames: 40 }, ...Array(4).fill({ camFrames: 40 }), { camFrames: 41 }])
  expect(verdicts.map(({ camFrozen }) => camFrozen)).toEqual([false, false, false, false, false, true, false])
})

describe('an incoming picture that stands still', () => {
  const frames = (count: number, starved = false) => ({ incoming: [{ key, id: 'one', frames: count, starved }] })

  test('is asked for anew once, after three seconds, and said to be frozen after seven', () => {
    const verdicts = watch(Array(9).fill(frames(5)))
    expect(verdicts.map(({ refresh }) => refresh.length)).toEqual([0, 0, 0, 1, 0, 0, 0, 0, 0])
    expect(verdicts.map(({ frozen }) => frozen.has(key))).toEqual([...Array(7).fill(false), true, true])
  })

  test('is no longer frozen when it moves, and asked for again when it stops again', () => {
    const verdicts = watch([...Array(8).fill(frames(5)), frames(6), ...Array(4).fill(frames(6))])
    expect(verdicts[8]?.frozen.size).toBe(0)
    expect(verdicts.filter(({ refresh }) => refresh.length > 0)).toHaveLength(2)
  })

  test('is not asked for when the line is too thin for any picture, but said', () => {
    const verdicts = watch(Array(9).fill(frames(5, true)))
    expect(verdicts.some(({ refresh }) => refresh.length > 0)).toBe(false)
    expect(verdicts.at(-1)?.frozen.has(key)).toBe(true)
  })

  test('begins anew when nobody looked at it in between', () => {
    const verdicts = watch([...Array(6).fill(frames(5)), {}, ...Array(3).fill(frames(5))])
    expect(verdicts.some(({ frozen }) => frozen.size > 0)).toBe(false)
  })
})

/** One look a second. */
function watch(samples: Partial<Sample>[]) {
  const dog = new Watchdog()
  return samples.map((sample, second) =>
    dog.judge({ at: second * 1_000, micEnergy: null, camFrames: null, incoming: [], ...sample }),
  )
}
