import type { Api } from '#lib/api/client.ts'

export type Me = NonNullable<Awaited<ReturnType<Api['auth']['me']['query']>>>

const ME = 'veche.me'
const WIPING = 'veche.wiping'
/** Choices of the device, not of the person. */
const KEPT = ['veche.locale', 'veche.theme', 'veche.contrast']
const PATIENCE_MS = 1000

export function recall(): Me | null {
  try {
    const me: unknown = JSON.parse(localStorage.getItem(ME) ?? 'null')
    return isMe(me) ? me : null
  } catch {
    return null
  }
}

export function remember(me: Me) {
  try {
    localStorage.setItem(ME, JSON.stringify(me))
  } catch {
    // Without room the app works all the same; it only cannot open offline.
  }
}

export function forget() {
  try {
    localStorage.setItem(WIPING, '1')
    localStorage.removeItem(ME)
  } catch {
    // Nothing was kept, so nothing is left.
  }
}

/** A wipe that another tab held up is finished at the next start. */
export function isWiping(): boolean {
  try {
    return localStorage.getItem(WIPING) !== null
  } catch {
    return false
  }
}

/** Everything that the session left in this browser; language and theme stay. */
export async function wipe() {
  try {
    for (const key of Object.keys(localStorage)) if (!KEPT.includes(key) && key !== WIPING) localStorage.removeItem(key)
    sessionStorage.clear()
    const gone = await Promise.all([wipeDatabases(), wipeCaches()])
    if (gone.every(Boolean)) localStorage.removeItem(WIPING)
  } catch {
    // The mark stays, and the next start tries again.
  }
}

/** Tells of a sign-in (with who) or a sign-out (null) in another tab. */
export function watchOtherTabs(tell: (me: Me | null) => void) {
  addEventListener('storage', (event) => {
    if (event.key === ME || event.key === null) tell(recall())
  })
}

async function wipeDatabases(): Promise<boolean> {
  const all = await indexedDB.databases()
  const ours = all.flatMap(({ name }) => (name?.startsWith('veche') ? [name] : []))
  return (await Promise.all(ours.map(wipeDatabase))).every(Boolean)
}

/** False when a tab that has it open does not let go in time. */
function wipeDatabase(name: string): Promise<boolean> {
  return new Promise((resolve) => {
    const request = indexedDB.deleteDatabase(name)
    request.onsuccess = () => resolve(true)
    request.onerror = () => resolve(false)
    setTimeout(() => resolve(false), PATIENCE_MS)
  })
}

/** The precached app itself is nobody's in particular. */
async function wipeCaches(): Promise<boolean> {
  const names = await caches.keys()
  await Promise.all(names.filter((name) => !name.includes('precache')).map((name) => caches.delete(name)))
  return true
}

function isMe(value: unknown): value is Me {
  return typeof value === 'object' && value !== null && 'user' in value && 'settings' in value && 'sessionId' in value
}
