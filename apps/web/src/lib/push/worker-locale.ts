/** The service worker cannot read the storage of pages, so they keep the language of the person for it in a cache. */
const CACHE = 'veche-locale'
const ADDRESS = '/locale'

/** The cache is wiped with the session, like everything else of the person. */
export async function keepLocaleForWorker(locale: string): Promise<void> {
  if (!('caches' in globalThis)) return
  const cache = await caches.open(CACHE)
  await cache.put(ADDRESS, new Response(locale))
}

/** Null when nobody is signed in here. */
export async function readWorkerLocale(): Promise<string | null> {
  try {
    const kept = await caches.match(ADDRESS, { cacheName: CACHE })
    return kept ? await kept.text() : null
  } catch {
    return null
  }
}
