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

test('what the browser holds back is said, and played with the next click', async () => {
  const told: boolean[] = []
  const sound = new Sound(null, (blocked) => told.push(blocked))
  sound.play(key, track)
  refused.reject(new DOMException('no click yet', 'NotAllowedError'))
  await expect.poll(() => told).toEqual([true])
  refused = Promise.withResolvers()
  refused.resolve()
  dispatchEvent(new Event('pointerdown'))
  await expect.poll(() => told).toEqual([true, false])
})

test("what the browser refuses after the end is nobody's concern, and no click is waited for", async () => {
  const told: boolean[] = []
  const sound = new Sound(null, (blocked) => told.push(blocked))
  sound.play(key, track)
  sound.close()
  refused.reject(new DOMException('no click yet', 'NotAllowedError'))
  await new Promise((resolve) => setImmediate(resolve))
  dispatchEvent(new Event('pointerdown'))
  expect([told, played]).toEqual([[], 1])
})
