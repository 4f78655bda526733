import { voiceLimits } from '@veche/shared/messages'
import { type Microphone, type MicrophoneEvents, type MicrophoneProblem, microphoneProblem } from './Microphone.ts'
import type { RecordedVoice, VoiceDraft } from './VoiceDraft.ts'

export type RecordingEnvironment = {
  openMicrophone: (events: MicrophoneEvents) => Promise<Microphone>
  now: () => number
  /** Calls it again and again until the answer is called. */
  every: (ms: number, run: () => void) => () => void
  /** Keeps the screen on, and other tabs from showing a draft, until the answer is called. */
  hold: () => () => void
  /** Everything else that sounds or records in this tab is paused. */
  silenceOthers: () => void
}

/** asking: the browser asks for the permission, or the device opens. draft: recorded, to be listened to and sent. */
export type RecordingState = 'idle' | 'asking' | 'recording' | 'paused' | 'stopping' | 'draft' | 'sending'

const TICK_MS = 100
const MAX_MS = voiceLimits.minutes * 60_000
const WARN_BEFORE_MS = 60_000

/** A voice message of one chat, from the first press until it is sent. Whatever ends the recording, what was recorded stays as a draft. */
export class VoiceRecording {
  state = $state<RecordingState>('idle')
  /** A finger holds the button: releasing it sends. */
  isHeld = $state(false)
  problem = $state<MicrophoneProblem | null>(null)
  /** Why there is less than was meant: the device is gone, the message is as long as it may be, or there was too little of it. */
  endedBy = $state<'lost' | 'full' | 'short' | null>(null)
  /** The system has taken the microphone for something else: the recording pauses until it is back and somebody goes on. */
  isInterrupted = $state(false)
  durationMs = $state(0)
  /** How loud it was, a number for each tenth of a second. */
  levels = $state.raw<number[]>([])
  draft = $state.raw<RecordedVoice | null>(null)
  readonly #environment: RecordingEnvironment
  readonly #kept: VoiceDraft
  #microphone: Microphone | null = null
  #beforePauseMs = 0
  #since = 0
  #levelsInParts = 0
  /** Rises when what is being opened is not wanted any more. */
  #attempt = 0
  #stopTicking: () => void = () => undefined
  #letGo: () => void = () => undefined

  constructor(environment: RecordingEnvironment, kept: VoiceDraft) {
    this.#environment = environment
    this.#kept = kept
  }

  get isRunning(): boolean {
    return this.state === 'recording' || this.state === 'paused'
  }

  /** The end of what a message may be is near. */
  get isAlmostFull(): boolean {
    return this.isRunning && this.durationMs > MAX_MS - WARN_BEFORE_MS
  }

  /** Shows what an earlier page has left. */
  async restore(): Promise<void> {
    const left = await this.#kept.read()
    if (left && this.state === 'idle') this.#showDraft()
  }

  async start(held: boolean): Promise<void> {
    if (this.state !== 'idle') return
    const attempt = (this.#attempt += 1)
    this.isHeld = held
    this.problem = null
    this.endedBy = null
    this.state = 'asking'
    this.#environment.silenceOthers()
    try {
      // What was cancelled may give a last part later.
      const ifCurrent = (run: () => void) => void (attempt === this.#attempt && run())
      const events = {
        part: (bytes: Blob) => ifCurrent(() => this.#addPart(bytes)),
        lost: () => ifCurrent(() => void this.#endBy('lost')),
        interrupted: (is: boolean) => ifCurrent(() => this.#interrupt(is)),
      }
      const microphone = await this.#environment.openMicrophone(events)
      if (attempt !== this.#attempt) return microphone.close()
      this.#begin(microphone)
    } catch (error) {
      if (attempt !== this.#attempt) return
      this.problem = microphoneProblem(error)
      this.#reset()
    }
  }

  lock(): void {
    this.isHeld = false
  }

  pause(): void {
    if (this.state !== 'recording') return
    this.#measure()
    this.#beforePauseMs = this.durationMs
    this.state = 'paused'
    this.isHeld = false
    this.#microphone?.flush()
    this.#microphone?.pause()
  }

  resume(): void {
    if (this.state !== 'paused' || this.isInterrupted) return
    this.#environment.silenceOthers()
    this.#since = this.#environment.now()
    this.state = 'recording'
    this.#microphone?.resume()
  }

  /** Stores what the recorder has, since the page may be closed. */
  flush(): void {
    if (this.state === 'recording') this.#microphone?.flush()
  }

  /** Ends the recording, also when the conversation is left; what was recorded becomes the draft. */
  async stop(): Promise<void> {
    if (this.state === 'asking') return this.cancel()
    if (!this.isRunning) return
    this.#measure()
    this.state = 'stopping'
    this.#stopTicking()
    await this.#microphone?.stop()
    // It may have been cancelled meanwhile.
    if (this.state !== 'stopping') return
    this.#release()
    this.#showDraft()
    // The recorder gives nothing at all of the first moments.
    if (!this.draft) this.endedBy ??= 'short'
  }

  cancel(): void {
    this.#attempt += 1
    this.#release()
    this.#kept.drop()
    this.#reset()
  }

  /** Too little was recorded to be sent. */
  dropShort(): void {
    this.cancel()
    this.endedBy = 'short'
  }

  /** Sends what was recorded. Ends the recording first, if it goes on. */
  async send(put: (draft: VoiceDraft) => Promise<void>): Promise<void> {
    await this.stop()
    if (this.state !== 'draft') return
    this.state = 'sending'
    try {
      await put(this.#kept)
      this.#reset()
    } catch (error) {
      this.state = 'draft'
      throw error
    }
  }

  #begin(microphone: Microphone): void {
    this.#microphone = microphone
    this.#beforePauseMs = 0
    this.#levelsInParts = 0
    this.levels = []
    this.durationMs = 0
    this.#since = this.#environment.now()
    microphone.start()
    this.state = 'recording'
    this.#letGo = this.#environment.hold()
    this.#stopTicking = this.#environment.every(TICK_MS, () => this.#tick())
  }

  #tick(): void {
    this.#measure()
    if (this.durationMs >= MAX_MS) void this.#endBy('full')
  }

  #measure(): void {
    if (this.state !== 'recording') return
    this.durationMs = this.#beforePauseMs + this.#environment.now() - this.#since
    // A browser calls a hidden page less often.
    const missing = Math.floor(this.durationMs / TICK_MS) - this.levels.length
    const level = this.#microphone?.level() ?? 0
    if (missing > 0) this.levels = [...this.levels, ...Array<number>(missing).fill(level)]
  }

  #addPart(bytes: Blob): void {
    if (this.state === 'idle') return
    this.#measure()
    this.#kept.add({ bytes, levels: this.levels.slice(this.#levelsInParts), durationMs: this.durationMs })
    this.#levelsInParts = this.levels.length
  }

  #interrupt(is: boolean): void {
    if (!this.isRunning) return
    this.pause()
    this.isInterrupted = is
  }

  async #endBy(reason: 'lost' | 'full'): Promise<void> {
    if (!this.isRunning) return
    this.endedBy = reason
    await this.stop()
  }

  #showDraft(): void {
    this.draft = this.#kept.recorded
    if (!this.draft) return this.#reset()
    this.durationMs = this.draft.durationMs
    this.state = 'draft'
    this.isHeld = false
  }

  #release(): void {
    this.#stopTicking()
    this.#letGo()
    this.#letGo = () => undefined
    this.#microphone?.close()
    this.#microphone = null
    this.isInterrupted = false
  }

  #reset(): void {
    this.state = 'idle'
    this.isHeld = false
    this.draft = null
    this.levels = []
    this.durationMs = 0
  }
}
