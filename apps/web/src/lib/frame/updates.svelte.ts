const HOUR_MS = 3_600_000
const MIN_INTERVAL_MS = 60_000

/** Looks for a new version of the app every hour and when the person returns. It is taken only when the person asks for it. */
export class Updates {
  ready = $state(false)
  #apply: () => void = () => location.reload()

  /** Returns a function that stops it. */
  start(): () => void {
    const stop = new AbortController()
    // The files of an old version are gone from the server, so a tab that needs one fails to load it. So it does without a network.
    addEventListener('vite:preloadError', () => (this.ready ||= navigator.onLine), { signal: stop.signal })
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
    const { Workbox } = await import('workbox-window')
    const workbox = new Workbox('/service-worker.js', { scope: '/', type: 'module', updateViaCache: 'none' })
    workbox.addEventListener('waiting', () => {
      this.#apply = () => {
        workbox.addEventListener('controlling', () => location.reload())
        workbox.messageSkipWaiting()
      }
      this.ready = true
    })
    // Another tab took the new version: this tab offers a reload. The first worker of all is no new version.
    let controlled = navigator.serviceWorker.controller !== null
    workbox.addEventListener('controlling', (event) => {
      if (controlled && event.isExternal) this.#reloadWhenAsked()
      controlled = true
    })
    await workbox.register().catch(() => undefined)
    this.#watch(workbox, signal)
  }

  #reloadWhenAsked() {
    this.#apply = () => location.reload()
    this.ready = true
  }

  #watch(workbox: { update(): Promise<void> }, signal: AbortSignal) {
    let last = Date.now()
    const check = () => {
      if (document.hidden || !navigator.onLine || Date.now() - last < MIN_INTERVAL_MS) return
      last = Date.now()
      workbox.update().catch(() => undefined)
    }
    const hourly = setInterval(check, HOUR_MS)
    signal.addEventListener('abort', () => clearInterval(hourly))
    document.addEventListener('visibilitychange', check, { signal })
    addEventListener('focus', check, { signal })
  }
}
