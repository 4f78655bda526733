import type { Devices } from '../devices/Devices.svelte.ts'

export type Blocked = 'denied' | 'missing' | 'busy' | 'system'

/** My microphone or camera in the call. */
export class Own {
  /** The seat may use it. */
  allowed = $state(true)
  /** Heard for as long as a key is held. */
  held = $state(false)
  /** It is on and nothing comes out of it: a silent microphone, a camera that stands still. `repair` opens it anew. */
  silent = $state(false)
  readonly #devices: Devices
  readonly #kind: 'mic' | 'cam'

  constructor(kind: 'mic' | 'cam', devices: Devices) {
    this.#kind = kind
    this.#devices = devices
  }

  /** The person wants it on; it may be on its way, or blocked. */
  get wanted(): boolean {
    return this.#devices.wanted[this.#kind] || this.held
  }

  /** There is something to be heard or seen by the others. */
  get on(): boolean {
    return this.wanted && this.allowed && this.#capture.track !== null && !this.#capture.held
  }

  /** It is there and may be turned on. */
  get available(): boolean {
    return this.allowed && this.blocked === null
  }

  /** Why it cannot be on; `system`: another programme or a telephone call holds it, it is taken back by itself. */
  get blocked(): Blocked | null {
    const { track, held, permission } = this.#capture
    if (track) return held ? 'system' : null
    return permission === 'denied' || permission === 'missing' || permission === 'busy' ? permission : null
  }

  /** From 0 to 1, also while muted; 0 for cameras. */
  get level(): number {
    return this.#kind === 'mic' ? this.#devices.level : 0
  }

  get #capture() {
    return this.#devices[this.#kind]
  }
}
