import type { Api } from '#lib/api/client.ts'
import { readStored, removeStored, writeStored } from '#lib/browser/storage.ts'

export type Me = NonNullable<Awaited<ReturnType<Api['auth']['me']['query']>>>

const ME = 'veche.me'
/** Stored while a wipe is due: it says what the wipe deletes. */
const WIPE = 'veche.wiping'
const ALL = 'all'
const ALL_BUT_UNSENT = 'all but what is unsent'
/** Choices of the device, not of the person: a wipe leaves them. */
const DEVICE_KEYS = ['veche.locale', 'veche.theme', 'veche.contrast', 'veche.keptFiles']

/** The person who was signed in here last. */
export function readMe(): Me | null {
  try {
    const me: unknown = JSON.parse(readStored(ME) ?? 'null')
    return isMe(me) ? me : null
  } catch {
    return null
  }
}

/** If this fails, all that is lost is that the app opens offline. */
export function writeMe(me: Me) {
  writeStored(ME, JSON.stringify(me))
}

/** Marks the data of this session for the next wipe. With `keepUnsent` the wipe leaves messages that were never sent. */
export function requestWipe({ keepUnsent }: { keepUnsent: boolean }) {
  // If another tab is signing out on purpose, everything is deleted.
  if (readStored(WIPE) !== ALL) writeStored(WIPE, keepUnsent ? ALL_BUT_UNSENT : ALL)
  removeStored(ME)
}

/** True at a start after a wipe that another tab prevented. */
export function isWipeDue(): boolean {
  return readStored(WIPE) !== null
}

/** Deletes what the session left in this browser. If something cannot be deleted, the wipe stays due for the next start. */
export async function wipeBrowserData() {
  try {
    const keepUnsent = readStored(WIPE) === ALL_BUT_UNSENT
    for (const key of Object.keys(localStorage)) if (!DEVICE_KEYS.includes(key) && key !== WIPE) removeStored(key)
    sessionStorage.clear()
    const { wipeCaches, wipeDatabases } = await import('./databases.ts')
    const results = await Promise.all([wipeDatabases({ keepUnsent }), wipeCaches()])
    if (results.every(Boolean)) removeStored(WIPE)
  } catch {
    // The wipe stays due.
  }
}

/** Runs it when another tab signs in (with the person) or out (with null). */
export function watchOtherTabs(run: (me: Me | null) => void) {
  addEventListener('storage', (event) => {
    if (event.key === ME || event.key === null) run(readMe())
  })
}

function isMe(value: unknown): value is Me {
  return typeof value === 'object' && value !== null && 'user' in value && 'settings' in value && 'sessionId' in value
}
