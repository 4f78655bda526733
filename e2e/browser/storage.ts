import type { Page } from 'playwright-core'

/** Everything that the databases of this origin hold, as one text. */
export function contentOfDatabases(page: Page): Promise<string> {
  return page.evaluate(async () => {
    const done = <T>(request: IDBRequest<T>) =>
      new Promise<T>((resolve, reject) => {
        request.onsuccess = () => resolve(request.result)
        request.onerror = () => reject(request.error ?? new Error('no answer'))
      })
    const all: unknown[] = []
    for (const { name } of await indexedDB.databases()) {
      if (!name) continue
      const database = await done(indexedDB.open(name))
      for (const table of database.objectStoreNames)
        all.push(name, table, await done(database.transaction(table).objectStore(table).getAll()))
      database.close()
    }
    return JSON.stringify(all)
  })
}
