/** Keeps the screen on during a call: a phone that sleeps takes the microphone away. */
export class WakeLock {
  #lock: WakeLockSentinel | null = null
  readonly #released = new AbortController()

  constructor() {
    document.addEventListener('visibilitychange', () => void this.#request(), { signal: this.#released.signal })
    void this.#request()
  }

  release(): void {
    this.#released.abort()
    void this.#lock?.release().catch(() => undefined)
  }

  /** The system ends the lock whenever the page is hidden, and may refuse it, for example when the battery is low. */
  async #request(): Promise<void> {
    if (!('wakeLock' in navigator) || document.visibilityState !== 'visible') return
    const lock = await navigator.wakeLock.request('screen').catch(() => null)
    if (this.#released.signal.aborted) await lock?.release()
    else this.#lock = lock
  }
}
