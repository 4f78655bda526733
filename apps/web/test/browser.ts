import { IDBFactory } from 'fake-indexeddb'

/** The parts of a browser that a session uses, for tests without one. They are globals until `remove`. */
export class FakeBrowser {
  readonly visited: string[] = []
  readonly caches = new Map<string, unknown>()
  reloads = 0
  readonly #replaced = new Map<string, PropertyDescriptor | undefined>()

  constructor() {
    const events = new EventTarget()
    const globals = {
      indexedDB: new IDBFactory(),
      localStorage: storage(),
      sessionStorage: storage(),
      addEventListener: events.addEventListener.bind(events),
      dispatchEvent: events.dispatchEvent.bind(events),
      caches: { keys: async () => [...this.caches.keys()], delete: async (name: string) => this.caches.delete(name) },
      location: { assign: (path: string) => this.visited.push(path), reload: () => (this.reloads += 1) },
    }
    for (const [name, value] of Object.entries(globals)) {
      this.#replaced.set(name, Object.getOwnPropertyDescriptor(globalThis, name))
      Object.defineProperty(globalThis, name, { value, configurable: true, writable: true })
    }
  }

  /** Test files share a process, so each puts the globals back. */
  remove() {
    for (const [name, before] of this.#replaced) {
      if (before) Object.defineProperty(globalThis, name, before)
      else Reflect.deleteProperty(globalThis, name)
    }
  }

  /** Tells this tab that another one has changed the storage. */
  storageEvent(key: string) {
    globalThis.dispatchEvent(Object.assign(new Event('storage'), { key }))
  }
}

/** As in a real Storage, the keys are properties of the object. */
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
