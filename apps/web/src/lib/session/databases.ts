/** A tab that has a database open keeps it from being deleted. This is how long we wait for that tab. */
const BLOCKED_TIMEOUT_MS = 1_000
const OUTBOX = 'outbox'
/** What was never sent: commands, and the bytes of their files. */
const UNSENT = [OUTBOX, 'attachments']

/** Deletes the databases of all sessions. With `keepUnsent` the outbox stays: its author finds it again after signing in. */
export async function wipeDatabases({ keepUnsent }: { keepUnsent: boolean }): Promise<boolean> {
  const all = await indexedDB.databases()
  const names = all.flatMap(({ name }) => (name?.startsWith('veche') ? [name] : []))
  const wiped = await Promise.all(
    names.map(async (name) => (keepUnsent && (await keepOnlyOutbox(name))) || deleteDatabase(name)),
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

/** False when the outbox is empty or the database does not open: then the whole database is deleted. */
function keepOnlyOutbox(name: string): Promise<boolean> {
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
  const count = tx.objectStore(OUTBOX).count()
  count.onsuccess = () => {
    if (count.result === 0) return tx.abort()
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
