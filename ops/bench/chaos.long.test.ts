import { expect, test } from 'vitest'
import { describe } from './chaos/record/report.ts'
import { runStorm } from './chaos/storm.ts'

test(
  'a storm of five thousand messages loses, doubles, disorders and leaks nothing',
  { timeout: 900_000 },
  async () => {
    const said: string[] = []
    const storm = await runStorm({
      seed: Date.now() % 1_000_000,
      messages: 5_000,
      perSecond: 40,
      people: 20,
      chats: 10,
      apis: 3,
      pace: 1,
      seconds: 600,
      say: (sentence) => said.push(sentence),
    })
    expect(storm.violations, `${said.join('\n')}\n${describe(storm)}`).toEqual([])
    expect(storm.record.acks.length).toBeGreaterThan(4_000)
    for (const kind of ['api killed', 'sockets cut', 'redis flushed', 'tab killed'])
      expect(storm.record.faults[kind], kind).toBeGreaterThan(1)
    for (const kind of ['worker killed', 'redis killed', 'redis frozen', 'postgres killed'])
      expect(storm.record.faults[kind], kind).toBeGreaterThan(0)
    expect(storm.traffic['removed']).toBeGreaterThan(3)
    expect(storm.traffic['added']).toBeGreaterThan(1)
  },
)
