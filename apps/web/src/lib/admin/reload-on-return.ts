import type { Query } from '#lib/api/Query.svelte.ts'

/**
 * Loads again what others may have changed while the user looked elsewhere, for a page of which the live stream tells nothing. Returns
 * a function that stops it.
 */
export function reloadOnReturn(query: Pick<Query<unknown>, 'busy' | 'load'>): () => void {
  const stopped = new AbortController()
  // A return to the window may bring both events.
  const reload = () => {
    if (document.visibilityState === 'visible' && !query.busy) void query.load()
  }
  addEventListener('focus', reload, { signal: stopped.signal })
  document.addEventListener('visibilitychange', reload, { signal: stopped.signal })
  return () => stopped.abort()
}
