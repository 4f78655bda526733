const PATIENCE_MS = 1000
const UNSENT = 'outbox'

/** Deletes what sessions kept in this browser. With `keepUnsent` messages that nobody else has stay, for when their author returns. */
export async function wipeDatabases({ keepUnsent }: { keepUnsent: boolean }): Promise<boolean> {
  const all = await indexedDB.databases()
  const ours = all.flatMap(({ name }) => (name?.startsWith('veche') ? [name] : []))
  const wiped = await Promise.all(ours.map(async (name) => (keepUnsent && (await keepOnlyUnsent(name))) || wipe(name)))
  return wiped.every(Boolean)
}

/** False when a tab that has it open does not let go in time. */
function wipe(name: string): Promise<boolean> {
  return new Promise((resolve) => {
    const request = indexedDB.deleteDatabase(name)
    request.onsuccess = () => resolve(true)
    request.onerror = () => resolve(false)
    setTimeout(() => resolve(false), PATIENCE_MS)
  })
}

/** False when there is nothing unsent, or the database cannot be had: then it goes as a whole. */
function keepOnlyUnsent(name: string): Promise<boolean> {
  return new Promise((resolve) => {
    const request = indexedDB.open(name)
    // It was deleted in the meantime, and must not come back empty.
    request.onupgradeneeded = () => request.transaction?.abort()
    request.onerror = () => resolve(false)
    setTimeout(() => resolve(false), PATIENCE_MS)
    request.onsuccess = () => {
      const db = request.result
      const done = (kept: boolean) => {
        db.close()
        resolve(kept)
      }
      if (!db.objectStoreNames.contains(UNSENT)) return done(false)
      clearAllBut(db, done)
    }
  })
}

function clearAllBut(db: IDBDatabase, done: (kept: boolean) => void): void {
  const stores = [...db.objectStoreNames]
  const tx = db.transaction(stores, 'readwrite')
  const count = tx.objectStore(UNSENT).count()
  count.onsuccess = () => {
    if (count.result === 0) return tx.abort()
    for (const store of stores) if (store !== UNSENT) tx.objectStore(store).clear()
  }
  tx.oncomplete = () => done(true)
  tx.onabort = () => done(false)
}
