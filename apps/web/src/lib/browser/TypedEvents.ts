/** Events with typed arguments, for a class that has several of them or several listeners. */
export class TypedEvents<Events extends { [Name in keyof Events]: unknown[] }> {
  readonly #listeners: { [Name in keyof Events]?: Set<(...args: Events[Name]) => void> } = {}

  /** Returns a function that unsubscribes. */
  on<Name extends keyof Events>(name: Name, listener: (...args: Events[Name]) => void): () => void {
    const listeners = (this.#listeners[name] ??= new Set())
    listeners.add(listener)
    return () => void listeners.delete(listener)
  }

  emit<Name extends keyof Events>(name: Name, ...args: Events[Name]): void {
    for (const listener of this.#listeners[name] ?? []) listener(...args)
  }

  /** No listener hears anything from now on. */
  clear(): void {
    for (const name in this.#listeners) this.#listeners[name]?.clear()
  }
}
