import { limits } from '@veche/shared/limits'
import { errors } from 'mediasoup'
import { expect, test } from 'vitest'
import { newDeps } from '../test/TestNode.ts'
import { ManualClock } from '../test/ManualClock.ts'
import { within } from './timeout.ts'

test('a question to a media worker has five seconds; what comes later is undone', async () => {
  const clock = new ManualClock()
  const deps = newDeps({}, clock)
  const { promise, resolve } = Promise.withResolvers<string>()
  const undone: string[] = []
  const asked = within(deps, promise, (late) => undone.push(late))
  clock.advance(limits.call.requestSeconds * 1000)
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
])('what the media worker says arrives as one of our codes: %s', async (said, code) => {
  await expect(within(newDeps(), Promise.reject(said))).rejects.toMatchObject({ code })
})
