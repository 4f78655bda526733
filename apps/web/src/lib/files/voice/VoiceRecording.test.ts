import { voiceLimits } from '@veche/shared/messages'
import { beforeEach, expect, test } from 'vitest'
import { newEngineTest } from '../../test/engine-test.ts'
import type { TestTab } from '../../test/TestTab.ts'
import '../../live/outbox/send-files.ts'
import type { MicrophoneEvents } from './Microphone.ts'
import { VoiceDraft } from './VoiceDraft.ts'
import { VoiceRecording } from './VoiceRecording.svelte.ts'

const MINUTE = 60_000
let { environment, server, me, friend, chat, openTab } = newEngineTest()
let tab: TestTab
let device: FakeMicrophone
beforeEach(async () => {
  ;({ environment, server, me, friend, chat, openTab } = newEngineTest())
  tab = await openTab()
  device = new FakeMicrophone()
})

/** A microphone whose sound is a letter for each second, and whose clock the test moves. */
class FakeMicrophone {
  now = 0
  opened = 0
  closed = 0
  silenced = 0
  held = 0
  refuses: DOMException | null = null
  /** Resolves what is being opened; undefined: at once. */
  opening: Promise<void> | undefined
  loudness = 100
  /** What the recorder gives when it is stopped. */
  last = 's'
  events: MicrophoneEvents | null = null
  readonly #ticks = new Set<() => void>()

  readonly environment = {
    openMicrophone: async (events: MicrophoneEvents) => {
      await this.opening
      if (this.refuses) throw this.refuses
      this.opened += 1
      this.events = events
      return {
        start: () => undefined,
        pause: () => undefined,
        resume: () => undefined,
        flush: () => events.part(new Blob(['f'], { type: 'audio/webm' })),
        stop: async () => void (this.last && events.part(new Blob([this.last], { type: 'audio/webm' }))),
        level: () => this.loudness,
        close: () => void (this.closed += 1),
      }
    },
    now: () => this.now,
    every: (_: number, run: () => void) => {
      this.#ticks.add(run)
      return () => void this.#ticks.delete(run)
    },
    hold: () => {
      this.held += 1
      return () => void (this.held -= 1)
    },
    silenceOthers: () => void (this.silenced += 1),
  }

  pass(ms: number): void {
    this.now += ms
    for (const tick of this.#ticks) tick()
  }

  give(text: string): void {
    this.events?.part(new Blob([text], { type: 'audio/webm' }))
  }
}

const newRecording = (of = tab) => new VoiceRecording(device.environment, new VoiceDraft(of.live, chat))
const partsOf = (of: TestTab) => of.store.read((tx) => tx.all('voiceParts'), ['voiceParts'])
const textOf = async (recording: VoiceRecording) => await recording.draft?.bytes.text()
const sentVoices = () => server.visible(chat, me).filter(({ kind }) => kind === 'voice')

test('a recording becomes a draft that is listened to and then sent, with its length and its waveform', async () => {
  const recording = newRecording()
  await recording.start(false)
  device.pass(1_000)
  device.give('a')
  device.loudness = 200
  device.pass(1_500)
  await recording.stop()
  expect(recording).toMatchObject({ state: 'draft', durationMs: 2_500 })
  expect(await textOf(recording)).toBe('as')
  expect(recording.draft?.levels).toHaveLength(25)
  expect([device.closed, device.held, device.silenced]).toEqual([1, 0, 1])
  await recording.send((draft) => draft.send('voice'))
  expect(recording.state).toBe('idle')
  await environment.until('it is sent', () => sentVoices().length === 1)
  const [message] = sentVoices()
  expect(message).toMatchObject({ listened: false, files: [{ durationMs: 2_500, mime: 'audio/webm' }] })
  expect(atob(message!.files![0]!.waveform!)).toHaveLength(25)
  expect(await partsOf(tab)).toEqual([])
})

test('a pause is no part of the length, and what was recorded before it is stored at once', async () => {
  const recording = newRecording()
  await recording.start(true)
  device.pass(2_000)
  recording.pause()
  expect(recording).toMatchObject({ state: 'paused', isHeld: false })
  device.pass(60_000)
  await environment.quiet()
  expect(await partsOf(tab)).toMatchObject([{ durationMs: 2_000 }])
  recording.resume()
  expect(device.silenced).toBe(2)
  device.pass(1_000)
  await recording.stop()
  expect(recording.durationMs).toBe(3_000)
})

test('a cancelled recording leaves nothing, also when its last part comes late', async () => {
  const recording = newRecording()
  await recording.start(true)
  device.pass(1_000)
  device.give('a')
  recording.cancel()
  device.give('late')
  await environment.quiet()
  expect([recording.state, await partsOf(tab), device.closed]).toEqual(['idle', [], 1])
})

test('what was too short to be sent leaves nothing, and says why until the next recording', async () => {
  const recording = newRecording()
  await recording.start(true)
  device.pass(400)
  recording.dropShort()
  await environment.quiet()
  expect(recording).toMatchObject({ state: 'idle', endedBy: 'short', draft: null })
  expect([await partsOf(tab), device.closed, sentVoices()]).toEqual([[], 1, []])
  await recording.start(false)
  expect(recording.endedBy).toBeNull()
})

test('a recorder that has given nothing leaves no draft without a word', async () => {
  const recording = newRecording()
  device.last = ''
  await recording.start(false)
  device.pass(50)
  await recording.send((draft) => draft.send('voice'))
  expect(recording).toMatchObject({ state: 'idle', endedBy: 'short' })
  expect(sentVoices()).toEqual([])
})

test('what was recorded survives the end of its tab, and the next tab sends it', async () => {
  const recording = newRecording()
  await recording.start(false)
  for (const text of ['a', 'b']) {
    device.pass(1_000)
    device.give(text)
  }
  await environment.quiet()
  const next = newRecording()
  await next.restore()
  expect(next).toMatchObject({ state: 'draft', durationMs: 2_000 })
  expect(await textOf(next)).toBe('ab')
  await next.send((draft) => draft.send('voice'))
  await environment.until('it is sent', () => sentVoices().length === 1)
  const after = newRecording()
  await after.restore()
  expect(after.state).toBe('idle')
})

test('what two tabs record in one chat are two drafts, shown one after the other', async () => {
  const recordings = [newRecording(), newRecording()]
  for (const [index, recording] of recordings.entries()) {
    await recording.start(false)
    device.pass(1_000)
    device.give(String(index))
    await environment.quiet()
  }
  const next = newRecording()
  const shown: (string | undefined)[] = []
  for (const _ of recordings) {
    await next.restore()
    shown.push(await textOf(next))
    next.cancel()
    await environment.quiet()
  }
  expect(shown.sort()).toEqual(['0', '1'])
})

test('a device that is unplugged keeps what was recorded, and says that it is gone', async () => {
  const recording = newRecording()
  await recording.start(false)
  device.pass(3_000)
  device.events?.lost()
  await environment.quiet()
  expect(recording).toMatchObject({ state: 'draft', endedBy: 'lost', durationMs: 3_000 })
})

test('a call that takes the microphone pauses the recording, which goes on when the microphone is back', async () => {
  const recording = newRecording()
  await recording.start(true)
  device.pass(2_000)
  device.events?.interrupted(true)
  expect(recording).toMatchObject({ state: 'paused', isInterrupted: true, isHeld: false })
  device.pass(5_000)
  recording.resume()
  expect(recording.state).toBe('paused')
  await environment.quiet()
  expect(await partsOf(tab)).toMatchObject([{ durationMs: 2_000 }])
  device.events?.interrupted(false)
  expect(recording).toMatchObject({ state: 'paused', isInterrupted: false })
  recording.resume()
  device.pass(1_000)
  await recording.stop()
  expect(recording).toMatchObject({ state: 'draft', durationMs: 3_000 })
})

test('a recording that a call has taken the microphone from is sent as it is', async () => {
  const recording = newRecording()
  await recording.start(false)
  device.pass(2_000)
  device.events?.interrupted(true)
  await recording.send((draft) => draft.send('voice'))
  expect(recording).toMatchObject({ state: 'idle', isInterrupted: false })
  await environment.until('it is sent', () => sentVoices().length === 1)
})

test('what a hidden page measures late has its true length', async () => {
  const recording = newRecording()
  await recording.start(false)
  device.pass(1_000)
  // A browser that freezes a page calls it only when it goes on.
  device.pass(240_000)
  expect([recording.durationMs, recording.levels.length]).toEqual([241_000, 2_410])
  await recording.stop()
  expect(recording).toMatchObject({ state: 'draft', durationMs: 241_000 })
})

test('a recording ends after an hour, and tells it before', async () => {
  const recording = newRecording()
  await recording.start(false)
  device.pass(voiceLimits.minutes * MINUTE - MINUTE)
  expect(recording.isAlmostFull).toBe(false)
  device.pass(1_000)
  expect(recording.isAlmostFull).toBe(true)
  device.pass(MINUTE)
  await environment.quiet()
  expect(recording).toMatchObject({ state: 'draft', endedBy: 'full' })
})

test.each([
  ['NotAllowedError', 'denied'],
  ['NotFoundError', 'missing'],
  ['NotReadableError', 'busy'],
] as const)('a microphone that fails with %s is told as %s, and can be tried again', async (name, problem) => {
  const recording = newRecording()
  device.refuses = new DOMException('', name)
  await recording.start(false)
  expect(recording).toMatchObject({ state: 'idle', problem })
  device.refuses = null
  await recording.start(false)
  expect(recording).toMatchObject({ state: 'recording', problem: null })
})

test('a microphone that opens after the recording was cancelled is given back', async () => {
  const recording = newRecording()
  const opening = Promise.withResolvers<void>()
  device.opening = opening.promise
  const start = recording.start(true)
  recording.cancel()
  opening.resolve()
  await start
  expect([recording.state, device.closed]).toEqual(['idle', 1])
})

test('a draft that the outbox does not take stays', async () => {
  const recording = newRecording()
  await recording.start(false)
  device.pass(1_000)
  await expect(recording.send(() => Promise.reject(new Error('the disk is full')))).rejects.toThrow('full')
  expect(recording.state).toBe('draft')
  await recording.send((draft) => draft.send('voice'))
  expect(recording.state).toBe('idle')
})

test('a member who was removed keeps nothing of what they recorded', async () => {
  const recording = newRecording()
  await recording.start(false)
  device.pass(1_000)
  device.give('a')
  await environment.quiet()
  server.removeMember(chat, me)
  await environment.until('the chat is dropped', async () => (await tab.chat(chat)) === undefined)
  await new VoiceDraft(tab.live, server.newChat([friend, me])).read()
  expect(await partsOf(tab)).toEqual([])
})
