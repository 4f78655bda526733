/** Keeps the screen on for as long as there is a call: a phone that sleeps takes the microphone away. */
export class WakeLock {
  #lock: WakeLockSentinel | null = null
  readonly #over = new AbortController()

  constructor() {
    document.addEventListener('visibilitychange', () => void this.#take(), { signal: this.#over.signal })
    void this.#take()
  }

  release(): void {
    this.#over.abort()
    void this.#lock?.release().catch(() => undefined)
  }

  /** The system lets go of it whenever the page is hidden, and may refuse it: with a low battery, for one. */
  async #take(): Promise<void> {
    if (!('wakeLock' in navigator) || document.visibilityState !== 'visible') return
    const lock = await navigator.wakeLock.request('screen').catch(() => null)
    if (this.#over.signal.aborted) await lock?.release()
    else this.#lock = lock
  }
}
