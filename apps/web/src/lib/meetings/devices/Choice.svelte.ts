import { find } from './chosen.ts'
import type { DeviceKind, ListedDevice } from './Devices.svelte.ts'
import type { Plugged } from './Plugged.svelte.ts'

/** Which device of a kind is used: the chosen one while it is plugged in, otherwise what the system takes. */
export class Choice {
  /** In use or to be used; null: what the system takes. */
  id = $state<string | null>(null)
  /** What the person chose, plugged in or not; null: nothing. */
  preferred: ListedDevice | null
  /** Told of each other device that is to be used. */
  onUse: (id: string | null) => void = () => undefined
  readonly #kind: DeviceKind
  readonly #plugged: Plugged
  /** Whether the chosen device was plugged in when it was looked last. */
  #there = false

  constructor(kind: DeviceKind, plugged: Plugged, preferred: ListedDevice | null) {
    this.#kind = kind
    this.#plugged = plugged
    this.preferred = preferred
  }

  choose(id: string | null): void {
    this.preferred = this.#plugged.of(this.#kind).find((each) => each.id === id) ?? null
    this.recall()
  }

  isThere(): boolean {
    return this.#find() !== null
  }

  /** The chosen device is used when it is plugged in now. Answers whether it is another one than before. */
  recall(): boolean {
    const before = this.id
    const found = this.#find()
    this.#there = found !== null
    this.use(found?.id ?? null)
    return this.id !== before
  }

  /** What became of the chosen device since it was looked last. */
  look(): { what: 'gone' | 'back'; id: string | null } | null {
    const was = this.#there
    const found = this.#find()
    this.#there = found !== null
    if (this.preferred === null || was === this.#there) return null
    return found ? { what: 'back', id: found.id } : { what: 'gone', id: null }
  }

  use(id: string | null): void {
    const before = this.id
    this.id = id
    if (id !== before) this.onUse(id)
  }

  #find(): ListedDevice | null {
    return find(this.#plugged.of(this.#kind), this.preferred)
  }
}
