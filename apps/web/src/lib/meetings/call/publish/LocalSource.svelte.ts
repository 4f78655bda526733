import type { MediaDevicesState } from '../../devices/MediaDevicesState.svelte.ts'

export type BlockedReason = 'denied' | 'missing' | 'busy' | 'system'

/** My microphone or my camera in the call. */
export class LocalSource {
  /** The seat has the capability to use it. */
  allowed = $state(true)
  /** The microphone is on for as long as the user holds a key. */
  pushToTalk = $state(false)
  /** It is on and nothing comes out of it: a silent microphone, a camera whose picture stands still. `repair` opens it anew. */
  stalled = $state(false)
  readonly #devices: MediaDevicesState
  readonly #kind: 'mic' | 'cam'

  constructor(kind: 'mic' | 'cam', devices: MediaDevicesState) {
    this.#kind = kind
    this.#devices = devices
  }

  /** The user wants it on; it may be opening, or blocked. */
  get wanted(): boolean {
    return this.#devices.wanted[this.#kind] || this.pushToTalk
  }

  /** The others can hear or see something. */
  get on(): boolean {
    return this.wanted && this.allowed && this.#input.track !== null && !this.#input.held
  }

  /** Why it cannot be on; `system`: another program or a telephone call holds it, and usually gives it back. */
  get blocked(): BlockedReason | null {
    const { track, held, permission } = this.#input
    if (track) return held ? 'system' : null
    return permission === 'denied' || permission === 'missing' || permission === 'busy' ? permission : null
  }

  get #input() {
    return this.#devices[this.#kind]
  }
}
