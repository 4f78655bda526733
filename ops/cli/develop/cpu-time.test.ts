import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { expect, test } from 'vitest'
import { CpuMeter, lostTicks } from './cpu-time.ts'

test('the CPU time of a process that ran and ended is counted', async () => {
  const meter = new CpuMeter()
  const before = meter.seconds()
  const loop = 'const end = process.cpuUsage().user + 100_000; while (process.cpuUsage().user < end);'
  await once(spawn(process.execPath, ['-e', loop]), 'exit')
  expect(meter.seconds() - before).toBeGreaterThanOrEqual(0.08)
  meter.stop()
})

test('the time of a process that nobody waited for is kept, and that of one that was waited for is not counted twice', () => {
  const root = { parent: 1, started: 'a', ownTicks: 5, childTicks: 0 }
  const browser = { parent: 10, started: 'b', ownTicks: 7, childTicks: 0 }
  const page = { parent: 20, started: 'c', ownTicks: 30, childTicks: 0 }
  const earlier = new Map([
    [10, root],
    [20, browser],
    [30, page],
  ])
  const before = new Map([[10, root]])
  expect(lostTicks(earlier, before, new Map([[10, { ...root, childTicks: 7 }]]))).toBe(30)
  expect(lostTicks(earlier, before, new Map([[10, { ...root, childTicks: 37 }]]))).toBe(0)
})
