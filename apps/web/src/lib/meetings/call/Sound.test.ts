import { beforeEach, expect, test } from 'vitest'
import { FakeBrowser } from '../../../../test/browser.ts'
import { Sound } from './Sound.ts'

const key = 'anna mic' as never
const track = {} as MediaStreamTrack
let refused = Promise.withResolvers<void>()
let played = 0

beforeEach(() => {
  new FakeBrowser()
  played = 0
  refused = Promise.withResolvers()
  class Audio {
    paused = true
    autoplay = false
    srcObject: unknown = null
    play() {
      played += 1
      return refused.promise
    }
  }
  Object.assign(globalThis, { Audio, MediaStream: class {} })
})

test('sound that the browser blocks is reported, and played with the next click', async () => {
  const reported: boolean[] = []
  const sound = new Sound(null, (blocked) => reported.push(blocked))
  sound.play(key, track)
  refused.reject(new DOMException('no click yet', 'NotAllowedError'))
  await expect.poll(() => reported).toEqual([true])
  refused = Promise.withResolvers()
  refused.resolve()
  dispatchEvent(new Event('pointerdown'))
  await expect.poll(() => reported).toEqual([true, false])
})

test('a finger that is lifted and a key that a menu keeps to itself unblock sound too', async () => {
  for (const gesture of ['pointerup', 'click', 'keydown']) {
    refused = Promise.withResolvers()
    const reported: boolean[] = []
    const sound = new Sound(null, (blocked) => reported.push(blocked))
    sound.play(key, track)
    refused.reject(new DOMException('no click yet', 'NotAllowedError'))
    await expect.poll(() => reported).toEqual([true])
    refused = Promise.withResolvers()
    refused.resolve()
    dispatchEvent(new Event(gesture))
    await expect.poll(() => reported).toEqual([true, false])
  }
})

test('sound is blocked as long as one stream is, and no longer than the blocked stream lasts', async () => {
  const reported: boolean[] = []
  const sound = new Sound(null, (blocked) => reported.push(blocked))
  sound.play(key, track)
  refused.reject(new DOMException('no click yet', 'NotAllowedError'))
  await expect.poll(() => reported).toEqual([true])
  refused = Promise.withResolvers()
  refused.resolve()
  sound.play('boris mic' as never, track)
  await new Promise((resolve) => setImmediate(resolve))
  expect(reported).toEqual([true])
  sound.play(key, null)
  expect(reported).toEqual([true, false])
})

test('sound that the browser blocks after the end of the call is not reported, and a click does not play it', async () => {
  const reported: boolean[] = []
  const sound = new Sound(null, (blocked) => reported.push(blocked))
  sound.play(key, track)
  sound.close()
  refused.reject(new DOMException('no click yet', 'NotAllowedError'))
  await new Promise((resolve) => setImmediate(resolve))
  dispatchEvent(new Event('pointerdown'))
  expect([reported, played]).toEqual([[], 1])
})
