import { expect, test } from 'vitest'
import { describe } from './chaos/record/report.ts'
import { violationsOf } from './chaos/record/oracles.ts'
import { runStorm } from './chaos/storm.ts'
import { tamperings } from './chaos/record/tamperings.ts'

test(
  'a short storm loses, doubles, disorders and leaks nothing, and its record would tell',
  { timeout: 240_000 },
  async () => {
    const said: string[] = []
    const storm = await runStorm({
      seed: 20_261_121,
      messages: 600,
      perSecond: 30,
      people: 20,
      chats: 10,
      apis: 2,
      pace: 0.4,
      seconds: 25,
      say: (sentence) => said.push(sentence),
    })
    expect(storm.violations, `${said.join('\n')}\n${describe(storm)}`).toEqual([])
    const { faults, acks } = storm.record
    expect(acks.length).toBeGreaterThan(100)
    for (const kind of ['api killed', 'sockets cut', 'redis flushed', 'tab killed'])
      expect(faults[kind], kind).toBeGreaterThan(1)
    for (const kind of ['worker killed', 'redis killed', 'redis frozen', 'postgres killed'])
      expect(faults[kind], kind).toBeGreaterThan(0)
    expect(storm.traffic['removed']).toBeGreaterThan(3)
    expect(storm.traffic['added']).toBeGreaterThan(1)
    for (const { oracle, what, tamper } of tamperings) {
      const record = structuredClone(storm.record)
      tamper(record)
      expect(
        violationsOf(record).map((violation) => violation.oracle),
        what,
      ).toContain(oracle)
    }
  },
)
