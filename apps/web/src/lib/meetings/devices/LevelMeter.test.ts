import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { FakeBrowser } from '../../../../test/browser.ts'
import { LevelMeter } from './LevelMeter.ts'

let browser: FakeBrowser
let context: FakeContext
beforeEach(() => {
  browser = new FakeBrowser()
  vi.useFakeTimers()
  vi.stubGlobal('AudioContext', function open() {
    return FakeContext.opened()
  })
  vi.stubGlobal('MediaStream', class {})
})
afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
  browser.remove()
})

class FakeContext {
  state = 'suspended'
  resumes = 0
  onstatechange: (() => void) | null = null

  static opened(): FakeContext {
    context = new FakeContext()
    return context
  }

  createAnalyser() {
    return { fftSize: 0, getFloatTimeDomainData: (samples: Float32Array) => samples.fill(0.1) }
  }

  createMediaStreamSource() {
    return { connect: () => undefined }
  }

  async resume() {
    this.resumes += 1
  }

  async close() {}

  become(state: string) {
    this.state = state
    this.onstatechange?.()
  }
}

function open(levels: number[] = []): LevelMeter {
  const track = { clone: () => ({ enabled: false, stop: () => undefined }) } as unknown as MediaStreamTrack
  return new LevelMeter(track, (level) => levels.push(level))
}

test('the level is measured ten times a second', () => {
  const levels: number[] = []
  open(levels)
  vi.advanceTimersByTime(1_000)
  expect(levels).toHaveLength(10)
  expect(levels[0]).toBeCloseTo(0.6)
})

test('a context that the browser suspends is asked to resume once, and again with each gesture until it runs', () => {
  const meter = open()
  vi.advanceTimersByTime(10_000)
  expect(context.resumes).toBe(1)
  dispatchEvent(new Event('keydown'))
  expect(context.resumes).toBe(2)
  context.become('running')
  dispatchEvent(new Event('keydown'))
  expect(context.resumes).toBe(2)
  context.become('suspended')
  dispatchEvent(new Event('pointerup'))
  expect(context.resumes).toBe(4)
  meter.close()
  dispatchEvent(new Event('pointerup'))
  expect(context.resumes).toBe(4)
})
