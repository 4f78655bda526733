import { IDBFactory } from 'fake-indexeddb'

/** The few doors of a browser that a session uses, for tests that run without one. */
export class Browser {
  readonly visited: string[] = []
  readonly caches = new Map<string, unknown>()
  reloads = 0

  constructor() {
    const events = new EventTarget()
    const stand = {
      indexedDB: new IDBFactory(),
      localStorage: storage(),
      sessionStorage: storage(),
      addEventListener: events.addEventListener.bind(events),
      dispatchEvent: events.dispatchEvent.bind(events),
      caches: { keys: async () => [...this.caches.keys()], delete: async (name: string) => this.caches.delete(name) },
      location: { assign: (path: string) => this.visited.push(path), reload: () => (this.reloads += 1) },
    }
    for (const [name, value] of Object.entries(stand)) {
      Object.defineProperty(globalThis, name, { value, configurable: true, writable: true })
    }
  }

  /** Another tab has changed what is stored. */
  storageEvent(key: string) {
    globalThis.dispatchEvent(Object.assign(new Event('storage'), { key }))
  }
}

/** Keys of a real Storage are its own properties; this one has them too. */
function storage(): Storage {
  const methods = {
    getItem(this: Record<string, string>, key: string) {
      return Object.hasOwn(this, key) ? this[key] : null
    },
    setItem(this: Record<string, string>, key: string, value: string) {
      this[key] = String(value)
    },
    removeItem(this: Record<string, string>, key: string) {
      delete this[key]
    },
    clear(this: Record<string, string>) {
      for (const key of Object.keys(this)) delete this[key]
    },
  }
  return Object.create(methods) as Storage
}
