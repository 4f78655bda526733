import { TypedEvents } from '#lib/browser/TypedEvents.ts'
import { browserDeviceAccess, type DeviceAccess, type InputKind } from './device-access.ts'
import { DeviceChanges } from './DeviceChanges.ts'
import { DeviceList } from './DeviceList.svelte.ts'
import { DevicePreference } from './DevicePreference.svelte.ts'
import { DeviceSettings } from './DeviceSettings.ts'
import { MediaInput } from './MediaInput.svelte.ts'
import { MicrophoneLevel } from './MicrophoneLevel.svelte.ts'
import { playTestSound } from './test-sound.ts'

export type DeviceKind = 'mic' | 'cam' | 'out'
export type Permission = 'unknown' | 'prompt' | 'granted' | 'denied' | 'missing' | 'busy'
export type ListedDevice = { id: string; label: string }
/** A chosen device is gone or back. */
export type DeviceNotice = { kind: DeviceKind; what: 'gone' | 'back'; label: string; usingNow: string | null }
type MediaDevicesEvents = {
  /** Another track, or none; also when the system takes the device or gives it back. */
  track: [kind: InputKind, track: MediaStreamTrack | null]
  /** Another loudspeaker is to be used, because it was chosen, or because one is gone or back. */
  output: [id: string | null]
}

const inputKinds = ['mic', 'cam'] as const

/** The microphones, cameras and loudspeakers of this browser: which are there, which are in use, and what is open now. */
export class MediaDevicesState {
  readonly events = new TypedEvents<MediaDevicesEvents>()
  /** What the user wants to join with; it is remembered. */
  wanted = $state({ mic: true, cam: true })
  /** The picture of my camera while it is open. */
  preview = $state.raw<MediaStream | null>(null)
  notice = $state.raw<DeviceNotice | null>(null)
  testing = $state(false)
  relayOnly = $state(false)
  readonly canChooseOutput: boolean
  readonly mic: MediaInput
  readonly cam: MediaInput
  readonly #access: DeviceAccess
  readonly #list: DeviceList
  readonly #settings: DeviceSettings
  readonly #preferences: Record<DeviceKind, DevicePreference>
  readonly #level: MicrophoneLevel
  readonly #changes: DeviceChanges
  #isCameraRemembered = true
  #started: Promise<void> | undefined
  /** Rises with each `close`, so that a start from before it opens nothing. */
  #generation = 0

  constructor({
    access = browserDeviceAccess(),
    storage = localStorage,
  }: { access?: DeviceAccess; storage?: Storage } = {}) {
    this.#access = access
    this.#list = new DeviceList(access)
    this.#level = new MicrophoneLevel(access)
    this.#settings = new DeviceSettings(storage)
    const { wanted, relayOnly, chosen } = this.#settings.saved
    this.wanted = { ...wanted }
    this.relayOnly = relayOnly
    this.canChooseOutput = access.canChooseOutput
    const preference = (kind: DeviceKind, onChange?: (id: string | null) => void) =>
      new DevicePreference({ kind, list: this.#list, chosen: chosen[kind], ...(onChange && { onChange }) })
    this.#preferences = {
      mic: preference('mic'),
      cam: preference('cam'),
      out: preference('out', (id) => this.events.emit('output', id)),
    }
    this.mic = this.#newInput('mic')
    this.cam = this.#newInput('cam')
    this.#changes = this.#newChanges()
  }

  get microphones(): ListedDevice[] {
    return this.#list.of('mic')
  }

  get cameras(): ListedDevice[] {
    return this.#list.of('cam')
  }

  get loudspeakers(): ListedDevice[] {
    return this.#list.of('out')
  }

  /** The device in use or to be used; null: the default of the system. */
  get inUse(): Record<DeviceKind, string | null> {
    const { mic, cam, out } = this.#preferences
    return { mic: mic.id, cam: cam.id, out: out.id }
  }

  /** The level of the open microphone, from 0 to 1, also while it is muted. */
  get level(): number {
    return this.#level.value
  }

  get permission(): Record<InputKind, Permission> {
    return { mic: this.mic.permission, cam: this.cam.permission }
  }

  /** Opens what is wanted, asking the user for permission where it must, and lists the devices. */
  start(): Promise<void> {
    return (this.#started ??= this.#start())
  }

  /** For an audio call: the camera is off at first, and what is done with it here is not remembered. */
  startWithoutCamera(): void {
    this.wanted.cam = false
    this.#isCameraRemembered = false
  }

  async toggle(kind: InputKind): Promise<void> {
    await this.want(kind, !this.wanted[kind])
  }

  async want(kind: InputKind, on: boolean): Promise<void> {
    this.wanted[kind] = on
    if (kind === 'mic' || this.#isCameraRemembered)
      this.#settings.save({ wanted: { ...this.#settings.saved.wanted, [kind]: on } })
    if (on && !this[kind].track) await this.open(kind)
    // The microphone stays open: phones suspend a page that has no open microphone.
    if (!on && kind === 'cam') this.cam.close()
  }

  async choose(kind: DeviceKind, id: string | null): Promise<void> {
    const preference = this.#preferences[kind]
    preference.choose(id)
    this.#settings.save({ chosen: { ...this.#settings.saved.chosen, [kind]: preference.chosen } })
    this.notice = null
    if (kind !== 'out' && (this[kind].track || this.wanted[kind])) await this.open(kind)
  }

  /** Opens again what was denied, missing or busy. */
  async retry(kind: InputKind): Promise<void> {
    this.wanted[kind] = true
    await this.open(kind)
  }

  /** Opens the preferred device, or any other if it is missing. Before `start` and after `close` nothing is opened. */
  async open(kind: InputKind): Promise<boolean> {
    if (!this.#started) return false
    const input = this[kind]
    const preference = this.#preferences[kind]
    let open = await input.open(preference.id)
    if (!open && preference.id !== null && input.permission === 'missing') open = await input.open(null)
    await this.#list.refresh()
    return open
  }

  /** Plays a short tune on the loudspeaker in use. */
  async testSound(): Promise<void> {
    if (this.testing) return
    this.testing = true
    try {
      await playTestSound(this.#preferences.out.id)
    } catch {
      // It was unplugged in this moment, and disappears from the list.
    } finally {
      this.testing = false
    }
  }

  setRelayOnly(on: boolean): void {
    this.relayOnly = on
    this.#settings.save({ relayOnly: on })
  }

  dismissNotice(): void {
    this.notice = null
  }

  /** Closes every device. */
  close(): void {
    this.#generation += 1
    this.#changes.stop()
    this.mic.close()
    this.cam.close()
    this.#started = undefined
  }

  #newInput(kind: InputKind): MediaInput {
    const input = new MediaInput(kind, this.#access)
    input.events.on('track', (track) => {
      if (kind === 'cam') this.preview = track && new MediaStream([track])
      else this.#level.measure(track)
      this.events.emit('track', kind, track)
    })
    input.events.on('held', () => this.events.emit('track', kind, input.track))
    return input
  }

  #newChanges(): DeviceChanges {
    return new DeviceChanges({
      access: this.#access,
      list: this.#list,
      inputs: { mic: this.mic, cam: this.cam },
      preferences: this.#preferences,
      started: () => this.#started,
      wants: (kind) => this.wanted[kind],
      open: (kind) => this.open(kind),
      onNotice: (notice) => (this.notice = notice),
    })
  }

  async #start(): Promise<void> {
    const generation = this.#generation
    this.#changes.start()
    await this.#changes.refreshPermissions()
    await this.#list.refresh()
    if (generation !== this.#generation) return
    for (const preference of Object.values(this.#preferences)) preference.apply()
    const wanted = inputKinds.filter((kind) => this.wanted[kind] && !this[kind].track)
    if (wanted.length === 2) await this.#openBoth()
    else await Promise.all(wanted.map((kind) => this.open(kind)))
    await this.#list.refresh()
    const kinds = Object.keys(this.#preferences) as DeviceKind[]
    if (generation === this.#generation) await Promise.all(kinds.map((kind) => this.#useChosen(kind)))
  }

  /** Some browsers name no device before one is open, so that the chosen one is found only then. */
  async #useChosen(kind: DeviceKind): Promise<void> {
    const preference = this.#preferences[kind]
    if (!preference.isPluggedIn() || !preference.apply()) return
    if (kind !== 'out' && this[kind].track && this[kind].deviceId !== preference.id) await this.open(kind)
  }

  /** The user is asked once for both devices. If that fails, each is requested by itself, so that one opens without the other. */
  async #openBoth(): Promise<void> {
    const requests = { mic: this.mic.newRequest(), cam: this.cam.newRequest() }
    try {
      const { mic, cam } = this.inUse
      for (const track of await this.#access.open({ mic, cam })) {
        const kind = track.kind === 'audio' ? 'mic' : 'cam'
        this[kind].accept(track, requests[kind])
      }
    } catch {
      for (const kind of inputKinds) if (!this.wanted[kind]) this[kind].close()
      await Promise.all(inputKinds.filter((kind) => this.wanted[kind]).map((kind) => this.open(kind)))
    }
  }
}
