import type { Key } from './Incoming.ts'

/** Plays what the others say: an element for each voice, all on the chosen loudspeaker. */
export class Sound {
  readonly #elements = new Map<Key, HTMLAudioElement>()
  readonly #onBlocked: (blocked: boolean) => void
  #output: string | null
  #stop: AbortController | undefined
  #closed = false

  constructor(output: string | null, onBlocked: (blocked: boolean) => void) {
    this.#output = output
    this.#onBlocked = onBlocked
  }

  play(key: Key, track: MediaStreamTrack | null): void {
    const before = this.#elements.get(key)
    if (!track) {
      this.#elements.delete(key)
      if (before) before.srcObject = null
      return
    }
    const element = before ?? this.#create(key)
    element.srcObject = new MediaStream([track])
    void this.#start(element)
  }

  async setOutput(output: string | null): Promise<void> {
    this.#output = output
    await Promise.all([...this.#elements.values()].map((element) => this.#direct(element)))
  }

  /** In a click or a key press: what the browser held back is heard. */
  unblock(): void {
    for (const element of this.#elements.values()) if (element.paused) void this.#start(element)
  }

  close(): void {
    this.#closed = true
    this.#stop?.abort()
    for (const element of this.#elements.values()) element.srcObject = null
    this.#elements.clear()
  }

  #create(key: Key): HTMLAudioElement {
    const element = new Audio()
    element.autoplay = true
    this.#elements.set(key, element)
    void this.#direct(element)
    return element
  }

  async #direct(element: HTMLAudioElement): Promise<void> {
    if (!('setSinkId' in element)) return
    // A loudspeaker that has gone: the system's own is better than none.
    await element.setSinkId(this.#output ?? '').catch(() => element.setSinkId('').catch(() => undefined))
  }

  async #start(element: HTMLAudioElement): Promise<void> {
    try {
      await element.play()
      this.#told(false)
    } catch (thrown) {
      if (thrown instanceof DOMException && thrown.name === 'NotAllowedError') this.#told(true)
    }
  }

  #told(blocked: boolean): void {
    if (this.#closed) return
    this.#onBlocked(blocked)
    if (!blocked) return this.#stop?.abort()
    if (this.#stop && !this.#stop.signal.aborted) return
    this.#stop = new AbortController()
    const { signal } = this.#stop
    for (const event of ['pointerdown', 'keydown']) addEventListener(event, () => this.unblock(), { signal })
  }
}
