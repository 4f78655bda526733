import { expect, test } from 'vitest'
import { afterQueuedTimers } from './environment.ts'

test('a request that is queued in the same task is sent before what waits for the queued timers', async () => {
  const order: string[] = []
  const waited = afterQueuedTimers({ after }).then(() => order.push('waited'))
  await Promise.resolve()
  setTimeout(() => order.push('request'), 0)
  await waited
  expect(order).toEqual(['request', 'waited'])
})

function after(ms: number, run: () => void): () => void {
  const timer = setTimeout(run, ms)
  return () => clearTimeout(timer)
}
