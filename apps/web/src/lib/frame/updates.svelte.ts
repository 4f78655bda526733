const HOUR_MS = 3_600_000
const AT_MOST_EVERY_MS = 60_000

/** Keeps the installed app fresh: looks for a new version by the hour and on return, and waits to be asked to take it. */
export class Updates {
  ready = $state(false)
  #apply: () => void = () => location.reload()

  /** Answers how to stop. */
  start(): () => void {
    const stop = new AbortController()
    // A tab that outlived its version finds the files it would load gone; without a network it finds nothing at all.
    addEventListener('vite:preloadError', () => (this.ready ||= navigator.onLine), { signal: stop.signal })
    if (import.meta.env.PROD && 'serviceWorker' in navigator) void this.#register(stop.signal)
    return () => stop.abort()
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
    // Another tab took the new version: this one follows when it is told to. The very first worker is nothing new.
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
    const look = () => {
      if (document.hidden || !navigator.onLine || Date.now() - last < AT_MOST_EVERY_MS) return
      last = Date.now()
      workbox.update().catch(() => undefined)
    }
    const hourly = setInterval(look, HOUR_MS)
    signal.addEventListener('abort', () => clearInterval(hourly))
    document.addEventListener('visibilitychange', look, { signal })
    addEventListener('focus', look, { signal })
  }
}
