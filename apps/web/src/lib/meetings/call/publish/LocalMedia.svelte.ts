import type { RoomFrame } from '@veche/sfu/router'
import type { Source } from '@veche/shared/meetings'
import type { Capability } from '@veche/shared/permissions'
import type { AppErrorCode } from '#lib/api/error.ts'
import type { Environment } from '#lib/live/environment.ts'
import type { MediaDevicesState } from '../../devices/MediaDevicesState.svelte.ts'
import type { Participants } from '../Participants.svelte.ts'
import { SpeechDetector } from '../SpeechDetector.ts'
import { LocalSource } from './LocalSource.svelte.ts'
import { PublicationSet } from './PublicationSet.ts'
import { captureScreen, type ScreenCapture, stopScreenCapture } from './screen-capture.ts'

export type Refusal = { source: 'mic' | 'cam' | 'screen'; code: AppErrorCode }
type Options = {
  devices: MediaDevicesState
  participants: Participants
  environment: Environment
  /** The user turned the microphone or the camera on or off, which a reload has to remember. */
  onToggle(): void
}

const SPEECH_CHECK_MS = 100
/** The system takes a microphone either for moments or for a telephone call. */
const SHORT_HOLD_MS = 2_000

/** What this seat sends. It follows from what the user wants, what the devices give, and the capabilities of the seat. */
export class LocalMedia {
  /** What the node refused or stopped, and why. It is off now. */
  refusal = $state.raw<Refusal | null>(null)
  sharing = $state(false)
  mayShare = $state(true)
  speakingWhileMuted = $state(false)
  readonly mic: LocalSource
  readonly cam: LocalSource
  readonly publications: PublicationSet
  readonly #options: Options
  #capture: ScreenCapture | null = null
  #choosingScreen = false
  /** Rises at the end of the call, so that a screen that is chosen later is not shared. */
  #generation = 0
  /** The system has had the microphone for some time: the others are shown that there is none, which is not a mute. */
  #heldLong = false
  #cancelHold: (() => void) | undefined

  constructor(options: Options) {
    this.#options = options
    this.mic = new LocalSource('mic', options.devices)
    this.cam = new LocalSource('cam', options.devices)
    this.publications = new PublicationSet((source, { code }) => this.#refuse(source, code))
  }

  /** Returns a function that stops it. */
  start(): () => void {
    this.refusal = null
    const unsubscribe = this.#options.devices.events.on('track', () => this.#devicesChanged())
    const stopDetecting = this.#detectSpeech()
    this.#sync()
    return () => {
      unsubscribe()
      stopDetecting()
      this.#generation += 1
      this.#cancelHold?.()
      this.#heldLong = false
      stopScreenCapture(this.#capture)
      this.#capture = null
      this.sharing = false
      this.mic.pushToTalk = false
      this.speakingWhileMuted = false
    }
  }

  toggle(kind: 'mic' | 'cam'): void {
    void this.#setWanted(kind, !this[kind].wanted)
  }

  /** The microphone is on for as long as a key is held down. */
  setPushToTalk(down: boolean): void {
    if (down === this.mic.pushToTalk || (down && this.mic.wanted)) return
    this.mic.pushToTalk = down
    if (down) this.#forgetRefusal('mic')
    if (down && !this.#options.devices.mic.track) void this.#options.devices.open('mic')
    this.#sync()
  }

  async shareScreen(): Promise<void> {
    if (this.#choosingScreen || this.sharing || !this.mayShare) return
    const generation = this.#generation
    this.#choosingScreen = true
    const capture = await captureScreen()
    this.#choosingScreen = false
    if (!capture) return
    if (generation !== this.#generation || !this.mayShare) return stopScreenCapture(capture)
    capture.video.onended = () => this.stopSharing()
    this.refusal = null
    this.sharing = true
    this.#setCapture(capture)
  }

  stopSharing(): void {
    stopScreenCapture(this.#capture)
    this.sharing = false
    this.#setCapture(null)
  }

  /** Opens a device anew. */
  async repair(kind: 'mic' | 'cam'): Promise<void> {
    this.#forgetRefusal(kind)
    this[kind].stalled = false
    await this.#options.devices.retry(kind)
  }

  setCapabilities(capabilities: Capability[]): void {
    this.mic.allowed = capabilities.includes('mic')
    this.cam.allowed = capabilities.includes('cam')
    this.mayShare = capabilities.includes('screen')
    if (!this.mayShare && this.sharing) this.stopSharing()
    // It was turned off because a right was missing, which the seat has again.
    if (this.refusal?.code === 'call.forbidden' && capabilities.includes(this.refusal.source)) this.refusal = null
    this.#sync()
  }

  /** The node has closed a publication of this seat. */
  publicationStopped({ id, source, reason }: Extract<RoomFrame, { type: 'publicationStopped' }>): void {
    this.publications.bySource[source].stopped(id)
    this.#refuse(source, reason === 'bitrate' ? 'call.limit' : 'call.forbidden')
  }

  /** Whether something should come out of my microphone and my camera now. */
  get expected(): { mic: boolean; cam: boolean } {
    const { mic, cam } = this.publications.bySource
    return { mic: this.mic.on && mic.flows, cam: this.cam.on && cam.flows }
  }

  /** The screen must show what the others have, so the source is turned off here too. */
  #refuse(source: Source, code: AppErrorCode): void {
    if (source === 'screenSound') return
    this.refusal = { source, code }
    if (source === 'screen') return this.stopSharing()
    // This is not what the user wanted, so it is not remembered for the next call.
    this.#options.devices.wanted[source] = false
    this[source].pushToTalk = false
    if (source === 'cam') this.#options.devices.cam.close()
    this.#sync()
  }

  /** It is asked for again. */
  #forgetRefusal(source: 'mic' | 'cam'): void {
    if (this.refusal?.source === source) this.refusal = null
  }

  #setCapture(capture: ScreenCapture | null): void {
    this.#capture = capture
    this.#options.participants.setMyScreen(capture?.stream ?? null)
    this.#sync()
  }

  #sync(): void {
    const { devices, participants } = this.#options
    const { mic, cam } = this
    const { bySource } = this.publications
    // A source that the system holds is paused; otherwise it would be shown as silent, or as a picture that stands still.
    const micTrack = mic.allowed && !this.#heldLong ? devices.mic.track : null
    bySource.mic.want({ track: micTrack, paused: !mic.on })
    bySource.cam.want({ track: cam.allowed && cam.wanted ? devices.cam.track : null, paused: !cam.on })
    bySource.screen.want({ track: this.#capture?.video ?? null, paused: false })
    bySource.screenSound.want({ track: this.#capture?.audio ?? null, paused: false })
    const { me } = participants
    if (!me) return
    me.microphone = micTrack ? (mic.on ? 'on' : 'off') : 'none'
    me.cameraOn = cam.on
    me.camera = cam.on ? devices.preview : null
  }

  async #setWanted(kind: 'mic' | 'cam', on: boolean): Promise<void> {
    this.refusal = null
    this[kind].pushToTalk = false
    this[kind].stalled = false
    const done = this.#options.devices.want(kind, on)
    this.#sync()
    this.#options.onToggle()
    await done
    this.#sync()
  }

  #devicesChanged(): void {
    const { devices, environment } = this.#options
    this.#cancelHold?.()
    this.#cancelHold = undefined
    if (!devices.mic.held) this.#heldLong = false
    else if (!this.#heldLong)
      this.#cancelHold = environment.after(SHORT_HOLD_MS, () => {
        this.#heldLong = true
        this.#sync()
      })
    this.#sync()
  }

  #detectSpeech(): () => void {
    const { devices, environment } = this.#options
    const detector = new SpeechDetector()
    const timer = setInterval(() => {
      const muted = !this.mic.wanted && devices.mic.track !== null
      if (!muted) detector.reset()
      this.speakingWhileMuted = muted && detector.update(devices.level, environment.now())
    }, SPEECH_CHECK_MS)
    return () => clearInterval(timer)
  }
}
