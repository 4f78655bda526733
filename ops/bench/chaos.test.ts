import { expect, test } from 'vitest'
import { scaledMs } from '../test/time-limits.ts'
import { describe } from './chaos/record/report.ts'
import { violationsOf } from './chaos/record/oracles.ts'
import { runStorm } from './chaos/storm.ts'
import { tamperings } from './chaos/record/tamperings.ts'

/** A slow machine needs more time for the same storm, and at most three times as much. */
const slowness = Math.min(3, scaledMs(1_000) / 1_000)

test('a short storm loses, doubles, disorders and leaks nothing, and its record would tell', async () => {
  const said: string[] = []
  const storm = await runStorm({
    seed: 20_261_121,
    messages: 120,
    // Faults come seldomer there, so the messages must last as much longer.
    perSecond: 20 / slowness,
    people: 8,
    chats: 4,
    apis: 2,
    pace: slowness * 0.25,
    seconds: slowness * 6,
    say: (sentence) => said.push(sentence),
  })
  expect(storm.violations, `${said.join('\n')}\n${describe(storm)}`).toEqual([])
  // The long storm counts every kind of fault; here a loaded machine may leave one out.
  expect(Object.keys(storm.record.faults).length).toBeGreaterThan(4)
  for (const { oracle, what, tamper } of tamperings) {
    const record = structuredClone(storm.record)
    tamper(record)
    expect(
      violationsOf(record).map((violation) => violation.oracle),
      what,
    ).toContain(oracle)
  }
})
