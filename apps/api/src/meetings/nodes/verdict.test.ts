import { expect, it } from 'vitest'
import { type Evidence, verdict } from './verdict.ts'

const quiet: Evidence = {
  silentMs: 500,
  healthyMs: 60_000,
  accused: false,
  probe: null,
  reached: true,
  vanished: 1,
  all: 2,
}
const gone = { silentMs: 3_000, probe: 'none' } as const

/** The whole rule, a line each. */
const table: [string, Partial<Evidence>, ReturnType<typeof verdict>][] = [
  ['whose heart beats lives', {}, 'alive'],
  ['silent for three seconds is asked', { silentMs: 3_000 }, 'ask'],
  ['a little less is not even asked', { silentMs: 2_999 }, 'alive'],
  ['silent and without an answer is dead', gone, 'dead'],
  ['silent, but it answers', { ...gone, probe: 'alive' }, 'alive'],
  ['another life answers: this one is over', { silentMs: 0, probe: 'other' }, 'dead'],
  ['we were not healthy for all of its silence', { ...gone, healthyMs: 2_999 }, 'alive'],
  ['we were healthy for just as long', { ...gone, healthyMs: 3_000 }, 'dead'],
  ['accused is asked at once', { accused: true }, 'ask'],
  ['accused, and it answers', { accused: true, probe: 'alive' }, 'alive'],
  ['accused, and nobody listens where it did', { accused: true, probe: 'refused' }, 'dead'],
  ['accused, but its port was never reached', { accused: true, probe: 'refused', reached: false }, 'alive'],
  ['accused, no answer, and its heart beat just now', { accused: true, probe: 'none' }, 'alive'],
  ['accused, no answer, and late', { accused: true, probe: 'none', silentMs: 1_500 }, 'dead'],
  [
    'accused, no answer, and late, but we have just come',
    { accused: true, probe: 'none', silentMs: 9_000, healthyMs: 1_499 },
    'alive',
  ],
  [
    'accused while we have just come: refusal is proof enough',
    { accused: true, probe: 'refused', healthyMs: 0 },
    'dead',
  ],
  ['one of two', { ...gone, vanished: 1, all: 2 }, 'dead'],
  ['the only one', { ...gone, vanished: 1, all: 1 }, 'dead'],
  ['two of two', { ...gone, vanished: 2, all: 2 }, 'alive'],
  ['two of three', { ...gone, vanished: 2, all: 3 }, 'alive'],
  ['two of four: half is not more than half', { ...gone, vanished: 2, all: 4 }, 'dead'],
  ['three of five', { ...gone, vanished: 3, all: 5 }, 'alive'],
  ['two of two, accused', { accused: true, probe: 'refused', vanished: 2, all: 2 }, 'alive'],
  [
    'two of two, accused, and silent for half a minute',
    { ...gone, accused: true, silentMs: 30_000, vanished: 2, all: 2 },
    'dead',
  ],
  [
    'two of two, silent for half a minute and nobody complains',
    { ...gone, silentMs: 30_000, vanished: 2, all: 2 },
    'alive',
  ],
  ['two of two, for longer than a seat is kept', { ...gone, silentMs: 600_000, vanished: 2, all: 2 }, 'dead'],
]

it.each(table)('%s', (_rule, evidence, expected) => {
  expect(verdict({ ...quiet, ...evidence })).toBe(expected)
})
