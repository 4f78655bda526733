const HOUR_MS = 3_600_000
const MIN_INTERVAL_MS = 60_000

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
    if (import.meta.env.PROD && 'serviceWorker' in navigator) void this.#register(stop.signal)
    return () => stop.abort()
  }

  /** Not this version, or not now: the next one is offered again. */
  postpone() {
    this.ready = false
  }

  apply() {
    this.#apply()
  }

  async #register(signal: AbortSignal) {
    const { serviceWorker } = navigator
    let controlled = serviceWorker.controller !== null
    const onChange = () => {
      // Another tab took the new version: this tab offers a reload. The first worker of all is no new version.
      if (controlled) this.#offer(() => location.reload())
      controlled = true
    }
    serviceWorker.addEventListener('controllerchange', onChange, { signal })
    // Its files would compete with those of the page.
    if (document.readyState !== 'complete')
      await new Promise((resolve) => addEventListener('load', resolve, { once: true, signal }))
    const registration = await serviceWorker
      .register('/service-worker.js', { scope: '/', type: 'module', updateViaCache: 'none' })
      .catch(() => null)
    if (!registration) return
    this.#offerWaiting(registration)
    const onFound = () =>
      registration.installing?.addEventListener('statechange', () => this.#offerWaiting(registration), { signal })
    registration.addEventListener('updatefound', onFound, { signal })
    this.#watch(registration, signal)
  }

  /** A worker waits while an older one is active; without one it is the first. */
  #offerWaiting({ waiting, active }: ServiceWorkerRegistration) {
    if (!waiting || !active) return
    this.#offer(() => {
      navigator.serviceWorker.addEventListener('controllerchange', () => location.reload())
      waiting.postMessage({ type: 'SKIP_WAITING' })
    })
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

  #watch(registration: ServiceWorkerRegistration, signal: AbortSignal) {
    let last = Date.now()
    const check = () => {
      if (document.hidden || !navigator.onLine || Date.now() - last < MIN_INTERVAL_MS) return
      last = Date.now()
      registration.update().catch(() => undefined)
    }
    const hourly = setInterval(check, HOUR_MS)
    signal.addEventListener('abort', () => clearInterval(hourly))
    document.addEventListener('visibilitychange', check, { signal })
    addEventListener('focus', check, { signal })
  }
}
