import { callLimits } from '@veche/shared/meeting-limits'
import { errors } from 'mediasoup'
import { expect, test } from 'vitest'
import { newDeps } from '../test/TestNode.ts'
import { ManualClock } from '../test/ManualClock.ts'
import { withTimeout } from './timeout.ts'

test('a request to a media worker fails after five seconds, and what it makes later is undone', async () => {
  const clock = new ManualClock()
  const deps = newDeps({}, clock)
  const { promise, resolve } = Promise.withResolvers<string>()
  const undone: string[] = []
  const asked = withTimeout(deps, promise, (late) => undone.push(late))
  clock.advance(callLimits.requestSeconds * 1000)
  await expect(asked).rejects.toMatchObject({ code: 'call.timeout' })
  resolve('made after all')
  await promise
  expect(undone).toEqual(['made after all'])
  expect((await deps.metrics.timeouts.get()).values[0]?.value).toBe(1)
})

test.each([
  [new TypeError('wrong'), 'call.media_refused'],
  [new errors.UnsupportedError('no such codec'), 'call.media_refused'],
  [new Error('the worker refuses'), 'call.media_refused'],
  [new errors.WorkerClosedError('gone'), 'call.media_lost'],
  [new errors.NotFoundError('gone'), 'call.media_lost'],
])('an error of the media worker becomes one of our codes: %s', async (said, code) => {
  await expect(withTimeout(newDeps(), Promise.reject(said))).rejects.toMatchObject({ code })
})
