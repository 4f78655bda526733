import { IDBFactory, IDBKeyRange } from 'fake-indexeddb'

/** The parts of a browser that a session uses, for tests without one. They are globals until `remove`. */
export class FakeBrowser {
  readonly visited: string[] = []
  readonly caches = new Map<string, unknown>()
  reloads = 0
  readonly #targets = [new CountingTarget(), new CountingTarget()] as const
  readonly #replaced = new Map<string, PropertyDescriptor | undefined>()

  constructor() {
    const [events, document] = this.#targets
    const globals = {
      indexedDB: new IDBFactory(),
      IDBKeyRange,
      localStorage: storage(),
      sessionStorage: storage(),
      window: globalThis,
      document: Object.assign(document, { visibilityState: 'visible', hidden: false }),
      addEventListener: events.addEventListener.bind(events),
      removeEventListener: events.removeEventListener.bind(events),
      dispatchEvent: events.dispatchEvent.bind(events),
      caches: { keys: async () => [...this.caches.keys()], delete: async (name: string) => this.caches.delete(name) },
      location: {
        origin: 'http://veche.test',
        assign: (path: string) => this.visited.push(path),
        reload: () => (this.reloads += 1),
      },
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

  /** The types of the events to which something listens on the window and the document, one for each listener. */
  get listeners(): string[] {
    return this.#targets.flatMap(({ listeners }) => listeners).sort()
  }

  /** Tells this tab that another one has changed the storage. */
  storageEvent(key: string) {
    globalThis.dispatchEvent(Object.assign(new Event('storage'), { key }))
  }
}

/** Keeps what listens to it, and nothing that was removed or aborted. */
class CountingTarget extends EventTarget {
  readonly #kept = new Map<unknown, string>()

  get listeners(): string[] {
    return [...this.#kept.values()]
  }

  override addEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject | null,
    options?: AddEventListenerOptions,
  ): void {
    super.addEventListener(type, listener, options)
    this.#kept.set(listener, type)
    options?.signal?.addEventListener('abort', () => this.#kept.delete(listener))
  }

  override removeEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject | null,
    options?: EventListenerOptions,
  ): void {
    super.removeEventListener(type, listener, options)
    this.#kept.delete(listener)
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
