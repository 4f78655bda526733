import type { Api } from '#lib/api/client.ts'
import { wipeDatabases } from './databases.ts'

export type Me = NonNullable<Awaited<ReturnType<Api['auth']['me']['query']>>>

const ME = 'veche.me'
const WIPING = 'veche.wiping'
const ALL = 'all'
const BUT_UNSENT = 'all but what is unsent'
/** Choices of the device, not of the person. */
const KEPT = ['veche.locale', 'veche.theme', 'veche.contrast']

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

/** Whoever signs out has been asked about what is unsent; a session that ends otherwise keeps it for its author. */
export function forget({ keepUnsent }: { keepUnsent: boolean }) {
  try {
    // Another tab may be signing out: then all of it goes.
    if (localStorage.getItem(WIPING) !== ALL) localStorage.setItem(WIPING, keepUnsent ? BUT_UNSENT : ALL)
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
    const keepUnsent = localStorage.getItem(WIPING) === BUT_UNSENT
    for (const key of Object.keys(localStorage)) if (!KEPT.includes(key) && key !== WIPING) localStorage.removeItem(key)
    sessionStorage.clear()
    const gone = await Promise.all([wipeDatabases({ keepUnsent }), wipeCaches()])
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

/** The precached app itself is nobody's in particular. */
async function wipeCaches(): Promise<boolean> {
  const names = await caches.keys()
  await Promise.all(names.filter((name) => !name.includes('precache')).map((name) => caches.delete(name)))
  return true
}

function isMe(value: unknown): value is Me {
  return typeof value === 'object' && value !== null && 'user' in value && 'settings' in value && 'sessionId' in value
}
