import type { StreamKey } from './subscribe/Subscriptions.ts'

/** Plays the voices of the others and the sound of their screens: one audio element for each stream, all on the chosen loudspeaker. */
export class Sound {
  readonly #elements = new Map<StreamKey, HTMLAudioElement>()
  readonly #onBlocked: (blocked: boolean) => void
  #output: string | null
  #clickListener: AbortController | undefined
  #closed = false

  constructor(output: string | null, onBlocked: (blocked: boolean) => void) {
    this.#output = output
    this.#onBlocked = onBlocked
  }

  play(key: StreamKey, track: MediaStreamTrack | null): void {
    const existing = this.#elements.get(key)
    if (!track) {
      this.#elements.delete(key)
      if (existing) existing.srcObject = null
      return
    }
    const element = existing ?? this.#create(key)
    element.srcObject = new MediaStream([track])
    void this.#start(element)
  }

  async setOutput(output: string | null): Promise<void> {
    this.#output = output
    await Promise.all([...this.#elements.values()].map((element) => this.#applyOutput(element)))
  }

  /** Plays what the browser has blocked. To be called within a click or a key press. */
  unblock(): void {
    for (const element of this.#elements.values()) if (element.paused) void this.#start(element)
  }

  close(): void {
    this.#closed = true
    this.#clickListener?.abort()
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

  async #start(element: HTMLAudioElement): Promise<void> {
    try {
      await element.play()
      this.#setBlocked(false)
    } catch (thrown) {
      if (thrown instanceof DOMException && thrown.name === 'NotAllowedError') this.#setBlocked(true)
    }
  }

  #setBlocked(blocked: boolean): void {
    if (this.#closed) return
    this.#onBlocked(blocked)
    if (!blocked) return this.#clickListener?.abort()
    if (this.#clickListener && !this.#clickListener.signal.aborted) return
    this.#clickListener = new AbortController()
    const { signal } = this.#clickListener
    for (const event of ['pointerdown', 'keydown']) addEventListener(event, () => this.unblock(), { signal })
  }
}
