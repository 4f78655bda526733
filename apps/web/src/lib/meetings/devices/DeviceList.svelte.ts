import type { DeviceAccess } from './device-access.ts'
import type { DeviceKind, ListedDevice } from './MediaDevicesState.svelte.ts'

type Lists = Record<DeviceKind, ListedDevice[]>

const kinds = { audioinput: 'mic', videoinput: 'cam', audiooutput: 'out' } as const

/** The devices that are plugged in, as far as the browser tells. */
export class DeviceList {
  #lists = $state.raw<Lists>({ mic: [], cam: [], out: [] })
  readonly #access: DeviceAccess
  #latest: Promise<void> = Promise.resolve()

  constructor(access: DeviceAccess) {
    this.#access = access
  }

  of(kind: DeviceKind): ListedDevice[] {
    return this.#lists[kind]
  }

  /** A later request may be answered before an earlier one, which then resolves with the answer of the later one. */
  refresh(): Promise<void> {
    const request: Promise<void> = this.#read().then((lists) => {
      if (request !== this.#latest) return this.#latest
      this.#lists = lists
    })
    this.#latest = request
    return request
  }

  async #read(): Promise<Lists> {
    const lists: Lists = { mic: [], cam: [], out: [] }
    for (const { kind, deviceId, label } of await this.#access.list().catch(() => []))
      // `default` and `communications` repeat a device that is listed by itself. An empty id only says that there is a device.
      if (deviceId && deviceId !== 'default' && deviceId !== 'communications')
        lists[kinds[kind]].push({ id: deviceId, label })
    return lists
  }
}
