import type { DeviceKind, ListedDevice } from './Devices.svelte.ts'
import type { Machine } from './machine.ts'

type Lists = Record<DeviceKind, ListedDevice[]>

const kinds = { audioinput: 'mic', videoinput: 'cam', audiooutput: 'out' } as const

/** What is plugged into this machine, as far as the browser says. */
export class Plugged {
  #lists = $state.raw<Lists>({ mic: [], cam: [], out: [] })
  readonly #machine: Machine
  #latest: Promise<void> = Promise.resolve()

  constructor(machine: Machine) {
    this.#machine = machine
  }

  of(kind: DeviceKind): ListedDevice[] {
    return this.#lists[kind]
  }

  /** A later question may be answered earlier: whoever asked before gets that answer as well. */
  refresh(): Promise<void> {
    const asked: Promise<void> = this.#ask().then((lists) => {
      if (asked !== this.#latest) return this.#latest
      this.#lists = lists
    })
    this.#latest = asked
    return asked
  }

  async #ask(): Promise<Lists> {
    const lists: Lists = { mic: [], cam: [], out: [] }
    for (const { kind, deviceId, label } of await this.#machine.list().catch(() => []))
      // `default` doubles a device that is listed by itself; an empty id says no more than that there is one.
      if (deviceId && deviceId !== 'default' && deviceId !== 'communications')
        lists[kinds[kind]].push({ id: deviceId, label })
    return lists
  }
}
