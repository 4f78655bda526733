const HOUR_MS = 3_600_000
const MIN_INTERVAL_MS = 60_000

type Offer = (apply: () => void) => void

/** Registers the service worker, and offers each new version of it, which is a new version of the app. */
export async function followWorker(signal: AbortSignal, offer: Offer): Promise<void> {
  const { serviceWorker } = navigator
  let controlled = serviceWorker.controller !== null
  const onChange = () => {
    // Another tab took the new version: this tab offers a reload. The first worker of all is no new version.
    if (controlled) offer(() => location.reload())
    controlled = true
  }
  serviceWorker.addEventListener('controllerchange', onChange, { signal })
  const registration = await serviceWorker
    .register('/service-worker.js', { scope: '/', type: 'module', updateViaCache: 'none' })
    .catch(() => null)
  if (!registration) return
  offerWaiting(registration, offer)
  const onFound = () =>
    registration.installing?.addEventListener('statechange', () => offerWaiting(registration, offer), { signal })
  registration.addEventListener('updatefound', onFound, { signal })
  watch(registration, signal)
}

/** A worker waits while an older one is active; without one it is the first. */
function offerWaiting({ waiting, active }: ServiceWorkerRegistration, offer: Offer) {
  if (!waiting || !active) return
  offer(() => {
    navigator.serviceWorker.addEventListener('controllerchange', () => location.reload())
    waiting.postMessage({ type: 'SKIP_WAITING' })
  })
}

function watch(registration: ServiceWorkerRegistration, signal: AbortSignal) {
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
