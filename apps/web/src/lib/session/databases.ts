/** A tab that has a database open keeps it from being deleted. This is how long we wait for that tab. */
const BLOCKED_TIMEOUT_MS = 1_000
const OUTBOX = 'outbox'
/** What was recorded and not sent. */
const VOICE = 'voiceParts'
/** What was never sent: commands, the bytes of their files, and voice messages that are drafts. */
const UNSENT = [OUTBOX, 'attachments', VOICE]

/** Deletes the databases of all sessions. With `keepUnsent` what was never sent stays: its author finds it again after signing in. */
export async function wipeDatabases({ keepUnsent }: { keepUnsent: boolean }): Promise<boolean> {
  const all = await indexedDB.databases()
  const names = all.flatMap(({ name }) => (name?.startsWith('veche') ? [name] : []))
  const wiped = await Promise.all(
    names.map(async (name) => (keepUnsent && (await keepOnlyUnsent(name))) || deleteDatabase(name)),
  )
  return wiped.every(Boolean)
}

/** False when another tab keeps the database open. */
function deleteDatabase(name: string): Promise<boolean> {
  return new Promise((resolve) => {
    const request = indexedDB.deleteDatabase(name)
    request.onsuccess = () => resolve(true)
    request.onerror = () => resolve(false)
    setTimeout(() => resolve(false), BLOCKED_TIMEOUT_MS)
  })
}

/** False when there is nothing unsent or the database does not open: then the whole database is deleted. */
function keepOnlyUnsent(name: string): Promise<boolean> {
  return new Promise((resolve) => {
    const request = indexedDB.open(name)
    // The database was deleted meanwhile; opening it must not create an empty one.
    request.onupgradeneeded = () => request.transaction?.abort()
    request.onerror = () => resolve(false)
    setTimeout(() => resolve(false), BLOCKED_TIMEOUT_MS)
    request.onsuccess = () => {
      const db = request.result
      const done = (kept: boolean) => {
        db.close()
        resolve(kept)
      }
      if (!db.objectStoreNames.contains(OUTBOX)) return done(false)
      clearAllBut(db, done)
    }
  })
}

function clearAllBut(db: IDBDatabase, done: (kept: boolean) => void): void {
  const stores = [...db.objectStoreNames]
  const tx = db.transaction(stores, 'readwrite')
  const counts = stores
    .filter((store) => store === OUTBOX || store === VOICE)
    .map((store) => tx.objectStore(store).count())
  // Requests of one transaction are answered in their order.
  counts.at(-1)!.onsuccess = () => {
    if (counts.every(({ result }) => result === 0)) return tx.abort()
    for (const store of stores) if (!UNSENT.includes(store)) tx.objectStore(store).clear()
  }
  tx.oncomplete = () => done(true)
  tx.onabort = () => done(false)
}

/** The precached app stays: it holds nothing personal. */
export async function wipeCaches(): Promise<boolean> {
  const names = await caches.keys()
  await Promise.all(names.filter((name) => !name.includes('precache')).map((name) => caches.delete(name)))
  return true
}
