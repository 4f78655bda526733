import type { Source } from '@veche/shared/meetings'
import type { Capability } from '@veche/shared/permissions'
import type { AppErrorCode } from '#lib/api/error.ts'
import type { Environment } from '#lib/live/environment.ts'
import type { Devices } from '../devices/Devices.svelte.ts'
import type { Outgoing } from './Outgoing.ts'
import { Own } from './Own.svelte.ts'
import type { Roster } from './Roster.svelte.ts'
import { pickScreen, type Shared, stopScreen } from './Screen.ts'
import { Speech } from './Speech.ts'

export type Refusal = { what: 'mic' | 'cam' | 'screen'; code: AppErrorCode }
type Deps = {
  devices: Devices
  roster: Roster
  /** Another one for each connection. */
  outgoing(): Outgoing
  environment: Environment
  /** The person wants something else: a reload comes back with it. */
  wished(): void
}

const LISTEN_MS = 100
/** The system takes a microphone for moments, and for telephone calls. */
const MOMENT_MS = 2_000

/** What the others get of me: it follows from what I want, what my devices give, and what my seat may send. */
export class Sending {
  /** What the node did not take of mine, or stopped, and why: it is off now. */
  refusal = $state.raw<Refusal | null>(null)
  sharing = $state(false)
  mayShare = $state(true)
  /** I speak, and nobody hears it because I am muted. */
  speakingWhileMuted = $state(false)
  readonly mic: Own
  readonly cam: Own
  readonly #deps: Deps
  #shared: Shared | null = null
  #picking = false
  #life = 0
  /** The system has the microphone for longer: the others see that there is none, which is not a mute. */
  #taken = false
  #cancelTaken: (() => void) | undefined

  constructor(deps: Deps) {
    this.#deps = deps
    this.mic = new Own('mic', deps.devices)
    this.cam = new Own('cam', deps.devices)
  }

  /** Answers how to end it. */
  begin(): () => void {
    this.refusal = null
    const offs = [this.#deps.devices.onTrack(() => this.#heard()), this.#listenToMyself()]
    this.sync()
    return () => {
      for (const off of offs) off()
      this.#life += 1
      this.#cancelTaken?.()
      this.#taken = false
      stopScreen(this.#shared)
      this.#shared = null
      this.sharing = false
      this.mic.held = false
      this.speakingWhileMuted = false
    }
  }

  toggle(kind: 'mic' | 'cam'): void {
    void this.#want(kind, !this[kind].wanted)
  }

  /** Space held down: heard as long as it is. */
  holdToTalk(down: boolean): void {
    if (down === this.mic.held || (down && this.mic.wanted)) return
    this.mic.held = down
    if (down && !this.#deps.devices.mic.track) void this.#deps.devices.open('mic')
    this.sync()
  }

  /** Refused by the person or by the system, it is simply not shared. */
  async share(): Promise<void> {
    if (this.#picking || this.sharing || !this.mayShare) return
    const life = this.#life
    this.#picking = true
    const shared = await pickScreen()
    this.#picking = false
    if (!shared) return
    if (life !== this.#life || !this.mayShare) return stopScreen(shared)
    shared.picture.onended = () => this.stopSharing()
    this.#shared = shared
    this.refusal = null
    this.sharing = true
    this.#deps.roster.showMyScreen(shared.stream)
    this.sync()
  }

  stopSharing(): void {
    stopScreen(this.#shared)
    this.#shared = null
    this.sharing = false
    this.#deps.roster.showMyScreen(null)
    this.sync()
  }

  /** Opens a device anew. */
  async repair(kind: 'mic' | 'cam'): Promise<void> {
    this[kind].silent = false
    await this.#deps.devices.retry(kind)
  }

  may(caps: Capability[]): void {
    this.mic.allowed = caps.includes('mic')
    this.cam.allowed = caps.includes('cam')
    this.mayShare = caps.includes('screen')
    if (!this.mayShare && this.sharing) this.stopSharing()
    this.sync()
  }

  /** The node does not take it: what the screen shows must be what the others have. */
  refused(source: Source, code: AppErrorCode): void {
    if (source === 'screenSound') return
    this.refusal = { what: source, code }
    if (source === 'screen') return this.stopSharing()
    // Next time it may be taken: this is not the person's wish, and not remembered as one.
    this.#deps.devices.wanted[source] = false
    this[source].held = false
    if (source === 'cam') this.#deps.devices.cam.close()
    this.sync()
  }

  /** Whether something should come out of my microphone and my camera now. */
  expects(): { mic: boolean; cam: boolean } {
    const outgoing = this.#deps.outgoing()
    const flows = (kind: 'mic' | 'cam') => this[kind].on && outgoing.slot(kind).flows
    return { mic: flows('mic'), cam: flows('cam') }
  }

  sync(): void {
    const outgoing = this.#deps.outgoing()
    const { mic, cam } = this
    const { mic: voice, cam: picture } = this.#deps.devices
    // What the system holds is off for the others too, and not a voice that is silent or a picture that stands still.
    const heard = mic.allowed && !this.#taken ? voice.track : null
    outgoing.set('mic', heard, !mic.on)
    outgoing.set('cam', cam.allowed && cam.wanted ? picture.track : null, !cam.on)
    outgoing.set('screen', this.#shared?.picture ?? null, false)
    outgoing.set('screenSound', this.#shared?.sound ?? null, false)
    const tile = this.#deps.roster.me
    if (!tile) return
    tile.mic = heard ? (mic.on ? 'on' : 'off') : 'none'
    tile.camOn = cam.on
    tile.video = cam.on ? this.#deps.devices.preview : null
  }

  async #want(kind: 'mic' | 'cam', on: boolean): Promise<void> {
    this.refusal = null
    this[kind].held = false
    this[kind].silent = false
    const wanted = this.#deps.devices.want(kind, on)
    this.sync()
    this.#deps.wished()
    await wanted
    this.sync()
  }

  #heard(): void {
    const { devices, environment } = this.#deps
    this.#cancelTaken?.()
    this.#cancelTaken = undefined
    if (!devices.mic.held) this.#taken = false
    else if (!this.#taken)
      this.#cancelTaken = environment.after(MOMENT_MS, () => {
        this.#taken = true
        this.sync()
      })
    this.sync()
  }

  #listenToMyself(): () => void {
    const { devices, environment } = this.#deps
    const speech = new Speech()
    const timer = setInterval(() => {
      const muted = !this.mic.on && devices.mic.track !== null
      if (!muted) speech.reset()
      this.speakingWhileMuted = muted && speech.hear(devices.level, environment.now())
    }, LISTEN_MS)
    return () => clearInterval(timer)
  }
}
