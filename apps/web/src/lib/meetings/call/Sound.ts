import { onUserGesture } from '#lib/browser/user-gesture.ts'
import type { StreamKey } from './subscribe/Subscriptions.ts'

/** Plays the voices of the others and the sound of their screens: one audio element for each stream, all on the chosen loudspeaker. */
export class Sound {
  readonly #elements = new Map<StreamKey, HTMLAudioElement>()
  readonly #onBlocked: (blocked: boolean) => void
  #output: string | null
  /** The streams that the browser does not let us play before the person does something in the page. */
  readonly #blocked = new Set<StreamKey>()
  #stopListening: (() => void) | undefined

  constructor(output: string | null, onBlocked: (blocked: boolean) => void) {
    this.#output = output
    this.#onBlocked = onBlocked
  }

  play(key: StreamKey, track: MediaStreamTrack | null): void {
    const existing = this.#elements.get(key)
    if (!track) {
      this.#elements.delete(key)
      if (existing) existing.srcObject = null
      return this.#setBlocked(key, false)
    }
    const element = existing ?? this.#create(key)
    element.srcObject = new MediaStream([track])
    void this.#start(key, element)
  }

  async setOutput(output: string | null): Promise<void> {
    this.#output = output
    await Promise.all([...this.#elements.values()].map((element) => this.#applyOutput(element)))
  }

  /** Plays what the browser has blocked. To be called within a click or a key press. */
  unblock(): void {
    for (const [key, element] of this.#elements) if (element.paused) void this.#start(key, element)
  }

  close(): void {
    this.#stopListening?.()
    for (const element of this.#elements.values()) element.srcObject = null
    this.#elements.clear()
  }

  #create(key: StreamKey): HTMLAudioElement {
    const element = new Audio()
    element.autoplay = true
    this.#elements.set(key, element)
    void this.#applyOutput(element)
    return element
  }

  async #applyOutput(element: HTMLAudioElement): Promise<void> {
    if (!('setSinkId' in element)) return
    // When the chosen loudspeaker has been unplugged, the default of the system is used.
    await element.setSinkId(this.#output ?? '').catch(() => element.setSinkId('').catch(() => undefined))
  }

  async #start(key: StreamKey, element: HTMLAudioElement): Promise<void> {
    try {
      await element.play()
      this.#setBlocked(key, false, element)
    } catch (thrown) {
      if (thrown instanceof DOMException && thrown.name === 'NotAllowedError') this.#setBlocked(key, true, element)
    }
  }

  /** The stream of `element` may have ended while the browser answered. */
  #setBlocked(key: StreamKey, blocked: boolean, element = this.#elements.get(key)): void {
    if (this.#elements.get(key) !== element) return
    const before = this.#blocked.size
    if (blocked) this.#blocked.add(key)
    else this.#blocked.delete(key)
    if (before > 0 === this.#blocked.size > 0) return
    this.#onBlocked(this.#blocked.size > 0)
    this.#stopListening?.()
    this.#stopListening = this.#blocked.size > 0 ? onUserGesture(() => this.unblock()) : undefined
  }
}
