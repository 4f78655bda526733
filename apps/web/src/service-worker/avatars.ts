/** The bytes of avatars that this device has shown. It is wiped with the data of the person, as every cache but that of the app itself. */
const CACHE = 'avatars'
/** Of 5 KB each, mostly. */
const MAX_KEPT = 2_000
const ASK_AGAIN_MS = 3_600_000
const TRIM_EVERY = 50

let puts = 0

export function isAvatar({ pathname }: URL): boolean {
  return pathname.startsWith('/api/avatars/')
}

/**
 * A new picture has a new id, so what is kept is never stale, and is shown at once, offline too. Whether this person may still have it is
 * asked again when it is older than an hour; it is forgotten when they may not.
 */
export async function answerAvatar(request: Request, waitUntil: (work: Promise<unknown>) => void): Promise<Response> {
  // When the person signs out the cache is deleted, and what is on its way is then put into a cache that nobody finds.
  const cache = await caches.open(CACHE).catch(() => null)
  const kept = await cache?.match(request.url).catch(() => undefined)
  if (!cache || !kept) return fetchAvatar(request, cache)
  const age = Date.now() - Date.parse(kept.headers.get('date') ?? '')
  if (!(Math.abs(age) < ASK_AGAIN_MS)) waitUntil(fetchAvatar(request, cache).catch(() => undefined))
  return kept
}

async function fetchAvatar(request: Request, cache: Cache | null): Promise<Response> {
  const answer = await fetch(request)
  const isGone = [401, 403, 404].includes(answer.status)
  // A full disk is no reason to show nothing.
  const keeping = answer.ok ? cache?.put(request.url, answer.clone()) : isGone ? cache?.delete(request.url) : undefined
  await keeping?.catch(() => undefined)
  if (answer.ok && cache && (puts += 1) % TRIM_EVERY === 1) await trim(cache).catch(() => undefined)
  return answer
}

/** Those that were asked for last are at the end. */
async function trim(cache: Cache): Promise<void> {
  const kept = await cache.keys()
  for (const request of kept.slice(0, Math.max(0, kept.length - MAX_KEPT))) await cache.delete(request)
}
