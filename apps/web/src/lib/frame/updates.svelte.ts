/** Looks for a new version of the app every hour and when the person returns. It is taken only when the person asks for it. */
export class Updates {
  ready = $state(false)
  readonly #isOutdated: () => Promise<boolean>
  #apply: () => void = () => location.reload()

  /** `isOutdated` asks the server whether it has another version. */
  constructor(isOutdated: () => Promise<boolean>) {
    this.#isOutdated = isOutdated
  }

  /** Returns a function that stops it. */
  start(): () => void {
    const stop = new AbortController()
    // The files of an old version are gone from the server, so a tab that needs one fails to load it.
    addEventListener('vite:preloadError', () => void this.#offerIfOutdated(), { signal: stop.signal })
    if (import.meta.env.PROD && 'serviceWorker' in navigator)
      void this.#followWorker(stop.signal).catch(() => undefined)
    return () => stop.abort()
  }

  /** Not this version, or not now: the next one is offered again. */
  postpone() {
    this.ready = false
  }

  apply() {
    this.#apply()
  }

  /** The files of the worker would compete with those of the page, and so would the code that follows it. */
  async #followWorker(signal: AbortSignal) {
    if (document.readyState !== 'complete')
      await new Promise((resolve) => addEventListener('load', resolve, { once: true, signal }))
    const { followWorker } = await import('./worker-updates.ts')
    await followWorker(signal, (apply) => this.#offer(apply))
  }

  /** A file fails to load as well when the server is away, and then a reload would lose the page. */
  async #offerIfOutdated() {
    const isOutdated = await this.#isOutdated().catch(() => false)
    this.ready ||= isOutdated
  }

  #offer(apply: () => void) {
    this.#apply = apply
    this.ready = true
  }
}
