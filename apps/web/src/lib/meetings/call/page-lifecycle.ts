import type { Environment } from '#lib/live/environment.ts'

type Listener = {
  /** The page is closed, reloaded, or put into the back/forward cache, from where it may return. */
  hide(): void
  /** The page returns from the back/forward cache. */
  restore(): void
  /** Called every minute: a page that crashes has no other way to say that it lived until then. */
  alive(): void
}

const ALIVE_MS = 60_000

/** Tells when the page is hidden, restored, or still alive. Returns a function that stops it. */
export function watchPageLifecycle(environment: Environment, { hide, restore, alive }: Listener): () => void {
  const stopped = new AbortController()
  const { signal } = stopped
  addEventListener('pagehide', hide, { signal })
  addEventListener('pageshow', ({ persisted }) => persisted && restore(), { signal })
  let cancel = () => undefined as void
  const repeat = () => {
    cancel = environment.after(ALIVE_MS, () => {
      alive()
      repeat()
    })
  }
  repeat()
  return () => {
    stopped.abort()
    cancel()
  }
}
