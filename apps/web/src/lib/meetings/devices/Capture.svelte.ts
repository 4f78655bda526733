import type { Permission } from './Devices.svelte.ts'
import { type InputKind, type Machine, refusal } from './machine.ts'

type Told = (track: MediaStreamTrack | null) => void

/** One microphone or camera: open or not, and why not. It opens one device at a time; the last wish wins. */
export class Capture {
  readonly kind: InputKind
  track = $state.raw<MediaStreamTrack | null>(null)
  permission = $state<Permission>('unknown')
  /** The system has taken it: a telephone call, another programme, a key on the keyboard. */
  held = $state(false)
  opening = $state(false)
  /** It was unplugged, or taken away for good. */
  onLost: () => void = () => undefined
  onTrack: Told = () => undefined
  /** The system took it, or gave it back. */
  onHeld: () => void = () => undefined
  readonly #machine: Machine
  #wish = 0

  constructor(kind: InputKind, machine: Machine) {
    this.kind = kind
    this.#machine = machine
  }

  /** Which device the open track comes from, as the browser says it. */
  get deviceId(): string | null {
    return this.track?.getSettings().deviceId ?? null
  }

  /** Opens this device instead of what is open. Answers whether it is open now; `missing` leaves the choice to the caller. */
  async open(id: string | null): Promise<boolean> {
    const wish = this.expect()
    try {
      const [track] = await this.#askFor(id, wish)
      return track ? this.take(track, wish) : false
    } catch (thrown) {
      if (wish === this.#wish) this.refuse(thrown)
      return false
    } finally {
      if (wish === this.#wish) this.opening = false
    }
  }

  /** From now on only what comes of this wish is taken. */
  expect(): number {
    this.opening = true
    return ++this.#wish
  }

  /** What was opened for a wish; nobody waits any longer for what comes of an earlier one, and it is closed. */
  take(track: MediaStreamTrack, wish: number): boolean {
    if (wish !== this.#wish) {
      track.stop()
      return this.track !== null
    }
    this.opening = false
    this.#drop()
    this.permission = 'granted'
    this.track = track
    this.held = track.muted
    track.onmute = () => this.#hold(true)
    track.onunmute = () => this.#hold(false)
    track.onended = () => {
      if (this.track !== track) return
      this.close()
      this.onLost()
    }
    this.onTrack(track)
    return true
  }

  refuse(thrown: unknown): void {
    this.permission = refusal(thrown)
  }

  close(): void {
    this.#wish += 1
    this.opening = false
    if (!this.track) return
    this.#drop()
    this.onTrack(null)
  }

  async #askFor(id: string | null, wish: number): Promise<MediaStreamTrack[]> {
    const ask = (device: string | null) => this.#machine.open({ [this.kind]: device })
    try {
      return await ask(id)
    } catch (thrown) {
      if (wish !== this.#wish || !this.track || refusal(thrown) !== 'busy') throw thrown
    }
    // Telephones have one camera open at a time: the one in use gives way to the other, and comes back if that was in vain.
    const before = this.deviceId
    this.#drop()
    this.onTrack(null)
    try {
      return await ask(id)
    } catch (thrown) {
      const [back] = wish === this.#wish ? await ask(before).catch(() => []) : []
      if (back) this.take(back, wish)
      throw thrown
    }
  }

  #hold(held: boolean): void {
    this.held = held
    this.onHeld()
  }

  #drop(): void {
    const { track } = this
    if (!track) return
    track.onmute = track.onunmute = track.onended = null
    track.stop()
    this.track = null
    this.held = false
  }
}
