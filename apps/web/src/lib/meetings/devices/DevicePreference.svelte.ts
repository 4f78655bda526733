import type { DeviceList } from './DeviceList.svelte.ts'
import type { DeviceKind, ListedDevice } from './MediaDevicesState.svelte.ts'

/** Which device of a kind is used: the one that the user chose while it is plugged in, otherwise the default of the system. */
export class DevicePreference {
  /** In use or to be used; null: the default of the system. */
  id = $state<string | null>(null)
  /** What the user chose, plugged in or not; null: nothing. */
  chosen: ListedDevice | null
  readonly #kind: DeviceKind
  readonly #list: DeviceList
  readonly #onChange: (id: string | null) => void
  #wasPluggedIn = false

  constructor(options: {
    kind: DeviceKind
    list: DeviceList
    chosen: ListedDevice | null
    onChange?: (id: string | null) => void
  }) {
    this.#kind = options.kind
    this.#list = options.list
    this.#onChange = options.onChange ?? (() => undefined)
    this.chosen = options.chosen
  }

  choose(id: string | null): void {
    this.chosen = this.#list.of(this.#kind).find((each) => each.id === id) ?? null
    this.apply()
  }

  isPluggedIn(): boolean {
    return this.#find() !== null
  }

  /** Uses the chosen device if it is plugged in now. Returns whether it is another one than before. */
  apply(): boolean {
    const before = this.id
    const found = this.#find()
    this.#wasPluggedIn = found !== null
    this.use(found?.id ?? null)
    return this.id !== before
  }

  /** Whether the chosen device was plugged in or unplugged since the last check. */
  checkPlugged(): { what: 'gone' | 'back'; id: string | null } | null {
    const before = this.#wasPluggedIn
    const found = this.#find()
    this.#wasPluggedIn = found !== null
    if (this.chosen === null || before === this.#wasPluggedIn) return null
    return found ? { what: 'back', id: found.id } : { what: 'gone', id: null }
  }

  use(id: string | null): void {
    const before = this.id
    this.id = id
    if (id !== before) this.#onChange(id)
  }

  /** A device is known by its id. Browsers change ids now and then, and the label stays. */
  #find(): ListedDevice | null {
    const { chosen } = this
    if (!chosen) return null
    const list = this.#list.of(this.#kind)
    const sameLabel = ({ label }: ListedDevice) => label && label === chosen.label
    return list.find(({ id }) => id === chosen.id) ?? list.find(sameLabel) ?? null
  }
}
