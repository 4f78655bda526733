import { beforeEach, expect, test, vi } from 'vitest'
import { Playback, type PlaybackFailure, type PlaybackOptions } from './Playback.svelte.ts'
import type { Track } from './tracks.ts'

/** An audio element that plays when it is told to. */
class FakeSound extends EventTarget {
  src = ''
  currentTime = 0
  duration = Number.NaN
  playbackRate = 1
  defaultPlaybackRate = 1
  refuses: string | null = null

  async play(): Promise<void> {
    if (this.refuses) throw new DOMException('', this.refuses)
    this.dispatchEvent(new Event('playing'))
  }

  pause(): void {
    this.dispatchEvent(new Event('pause'))
  }

  removeAttribute(): void {
    this.src = ''
  }

  tell(event: 'ended' | 'error' | 'durationchange'): void {
    this.dispatchEvent(new Event(event))
  }
}

const track = (key: string, kind: Track['kind'] = 'voice'): Track => {
  return { key, kind, source: `/api/files/${key}`, durationMs: 10_000, message: null, name: key }
}
const quiet = () => new Promise((resolve) => setTimeout(resolve))

let sound: FakeSound
let tick: () => void
let followers: Map<string, Track>
let failure: PlaybackFailure
let played: string[]
beforeEach(() => {
  sound = new FakeSound()
  tick = () => undefined
  followers = new Map()
  failure = 'unreachable'
  played = []
})

function newPlayback(more: Partial<PlaybackOptions> = {}): Playback {
  return new Playback({
    element: sound,
    every: (_, run) => {
      tick = run
      return () => (tick = () => undefined)
    },
    failureOf: async () => failure,
    next: async ({ key }) => followers.get(key) ?? null,
    onPlay: ({ key }) => played.push(key),
    ...more,
  })
}

test('a track plays, is paused, and goes on where it stopped', async () => {
  const playback = newPlayback()
  playback.toggle(track('a'))
  await quiet()
  expect([sound.src, playback.state]).toEqual(['/api/files/a', 'playing'])
  sound.currentTime = 4
  tick()
  expect(playback.positionMs).toBe(4_000)
  playback.toggle(track('a'))
  expect(playback.state).toBe('paused')
  playback.toggle(track('a'))
  await quiet()
  expect([playback.state, sound.currentTime]).toEqual(['playing', 4])
})

test('one track plays at a time, and each keeps its position', async () => {
  const playback = newPlayback()
  await playback.play(track('a'))
  sound.currentTime = 3
  tick()
  await playback.play(track('b'))
  expect([sound.src, sound.currentTime, playback.positionOf('a')]).toEqual(['/api/files/b', 0, 3_000])
  await playback.play(track('a'))
  expect(sound.currentTime).toBe(3)
})

test('the next voice message follows, and after the last one the player is gone', async () => {
  const playback = newPlayback()
  followers.set('a', track('c'))
  await playback.play(track('a'))
  sound.tell('ended')
  await quiet()
  expect(playback.track?.key).toBe('c')
  sound.tell('ended')
  await quiet()
  expect([playback.track, played]).toEqual([null, ['a', 'c']])
  expect(playback.positionOf('c')).toBe(0)
})

test('nothing follows a sound file, or what was closed meanwhile', async () => {
  const playback = newPlayback()
  followers.set('a', track('c'))
  await playback.play(track('a', 'sound'))
  sound.tell('ended')
  await quiet()
  expect(playback.track).toBeNull()
  await playback.play(track('a'))
  sound.tell('ended')
  playback.close()
  await quiet()
  expect(playback.track).toBeNull()
})

test('a track begins where somebody has pointed before it plays', async () => {
  const playback = newPlayback()
  playback.seek('a', 6_000)
  expect(playback.positionOf('a')).toBe(6_000)
  await playback.play(track('a'))
  expect(sound.currentTime).toBe(6)
  playback.seek('a', 99_000)
  expect(sound.currentTime).toBe(10)
})

test('the speed holds for every track, and is told to be kept', async () => {
  const onRate = vi.fn<(rate: number) => void>()
  const playback = newPlayback({ rate: 1.5, onRate })
  await playback.play(track('a'))
  expect(sound.playbackRate).toBe(1.5)
  playback.setRate(2)
  await playback.play(track('b'))
  expect([sound.playbackRate, onRate.mock.calls]).toEqual([2, [[2]]])
})

test('a failure says why, and the track can be tried again', async () => {
  const playback = newPlayback()
  await playback.play(track('a'))
  failure = 'gone'
  sound.tell('error')
  await quiet()
  expect([playback.state, playback.failure]).toEqual(['failed', 'gone'])
  playback.toggle(track('a'))
  await quiet()
  expect([playback.state, playback.failure]).toEqual(['playing', null])
})

test('a browser that plays nothing without a click leaves the track paused', async () => {
  const playback = newPlayback()
  sound.refuses = 'NotAllowedError'
  await playback.play(track('a'))
  expect([playback.state, playback.track?.key]).toEqual(['paused', 'a'])
})

test('bytes that only this device had and that are gone are a failure', async () => {
  const playback = newPlayback()
  await playback.play({ ...track('a'), source: async () => null })
  expect([playback.state, playback.failure]).toEqual(['failed', 'gone'])
})

test('a sound that does not know its length has that of its message', async () => {
  const playback = newPlayback()
  await playback.play(track('a'))
  sound.duration = Infinity
  sound.tell('durationchange')
  expect(playback.durationMs).toBe(10_000)
  sound.duration = 9.5
  sound.tell('durationchange')
  expect(playback.durationMs).toBe(9_500)
})

test('a draft that is paused while its bytes are read stays paused, and plays when that is wanted', async () => {
  const playback = newPlayback()
  const { promise, resolve } = Promise.withResolvers<Blob>()
  const draft: Track = { ...track('a', 'draft'), source: () => promise }
  playback.toggle(draft)
  playback.toggle(draft)
  resolve(new Blob(['sound']))
  await quiet()
  expect(playback.state).toBe('paused')
  playback.toggle(draft)
  await quiet()
  expect([playback.state, sound.src]).toEqual(['playing', expect.stringMatching(/^blob:/)])
})
