import { TypedEvents } from '#lib/browser/TypedEvents.ts'
import { type DeviceAccess, type InputKind, openFailure } from './device-access.ts'
import type { Permission } from './MediaDevicesState.svelte.ts'

type MediaInputEvents = {
  track: [track: MediaStreamTrack | null]
  /** The system has taken the device, or given it back. */
  held: []
  /** The device was unplugged, or taken away for good. */
  lost: []
}

/** The microphone or the camera: open or not, and why not. It opens one device at a time; the last request wins. */
export class MediaInput {
  readonly events = new TypedEvents<MediaInputEvents>()
  readonly kind: InputKind
  track = $state.raw<MediaStreamTrack | null>(null)
  permission = $state<Permission>('unknown')
  /** The system has taken it: a telephone call, another program, a key on the keyboard. */
  held = $state(false)
  opening = $state(false)
  readonly #access: DeviceAccess
  #lastRequest = 0

  constructor(kind: InputKind, access: DeviceAccess) {
    this.kind = kind
    this.#access = access
  }

  /** The device of the open track, as the browser names it. */
  get deviceId(): string | null {
    return this.track?.getSettings().deviceId ?? null
  }

  /** Opens this device instead of the open one. Returns whether it is open now. */
  async open(id: string | null): Promise<boolean> {
    const request = this.newRequest()
    try {
      const [track] = await this.#requestTrack(id, request)
      return track ? this.accept(track, request) : false
    } catch (thrown) {
      if (request === this.#lastRequest) this.permission = openFailure(thrown)
      return false
    } finally {
      if (request === this.#lastRequest) this.opening = false
    }
  }

  /** From now on only the track of this request is accepted. */
  newRequest(): number {
    this.opening = true
    return ++this.#lastRequest
  }

  /** Uses the track that was opened for a request. The track of an earlier request is closed. */
  accept(track: MediaStreamTrack, request: number): boolean {
    if (request !== this.#lastRequest) {
      track.stop()
      return this.track !== null
    }
    this.opening = false
    this.#stopTrack()
    this.permission = 'granted'
    this.track = track
    this.held = track.muted
    track.onmute = () => this.#setHeld(true)
    track.onunmute = () => this.#setHeld(false)
    track.onended = () => {
      if (this.track !== track) return
      this.close()
      this.events.emit('lost')
    }
    this.events.emit('track', track)
    return true
  }

  close(): void {
    this.#lastRequest += 1
    this.opening = false
    if (!this.track) return
    this.#stopTrack()
    this.events.emit('track', null)
  }

  /** Reads the permission from the browser. Returns whether it was denied before and is granted now. */
  async refreshPermission(): Promise<boolean> {
    if (this.track) return false
    const permission = await this.#access.permission(this.kind)
    if (permission === 'unknown' || this.track) return false
    const before = this.permission
    // A device that is missing or busy stays so, whatever the permission.
    if ((before === 'missing' || before === 'busy') && permission !== 'denied') return false
    this.permission = permission
    return before === 'denied' && permission === 'granted'
  }

  async #requestTrack(id: string | null, request: number): Promise<MediaStreamTrack[]> {
    const open = (device: string | null) => this.#access.open({ [this.kind]: device })
    try {
      return await open(id)
    } catch (thrown) {
      if (request !== this.#lastRequest || !this.track || openFailure(thrown) !== 'busy') throw thrown
    }
    // Phones open one camera at a time: the one in use is closed first, and opened again if the other one does not open.
    const before = this.deviceId
    this.#stopTrack()
    this.events.emit('track', null)
    try {
      return await open(id)
    } catch (thrown) {
      const [track] = request === this.#lastRequest ? await open(before).catch(() => []) : []
      if (track) this.accept(track, request)
      throw thrown
    }
  }

  #setHeld(held: boolean): void {
    this.held = held
    this.events.emit('held')
  }

  #stopTrack(): void {
    const { track } = this
    if (!track) return
    track.onmute = track.onunmute = track.onended = null
    track.stop()
    this.track = null
    this.held = false
  }
}
