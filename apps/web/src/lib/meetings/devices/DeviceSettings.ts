import type { DeviceKind, ListedDevice } from './MediaDevicesState.svelte.ts'

export type SavedDevices = {
  chosen: Record<DeviceKind, ListedDevice | null>
  wanted: { mic: boolean; cam: boolean }
  relayOnly: boolean
}

const STORAGE_KEY = 'veche-devices'
const defaults: SavedDevices = {
  chosen: { mic: null, cam: null, out: null },
  wanted: { mic: true, cam: true },
  relayOnly: false,
}

/** What this browser remembers of its media devices. */
export class DeviceSettings {
  saved: SavedDevices
  readonly #storage: Storage

  constructor(storage: Storage) {
    this.#storage = storage
    this.saved = read(storage)
  }

  save(changes: Partial<SavedDevices>): void {
    this.saved = { ...this.saved, ...changes }
    try {
      this.#storage.setItem(STORAGE_KEY, JSON.stringify(this.saved))
    } catch {
      // The storage is full or forbidden: next time the user chooses again.
    }
  }
}

function read(storage: Storage): SavedDevices {
  try {
    const saved = JSON.parse(storage.getItem(STORAGE_KEY) ?? '{}') as Partial<SavedDevices> | null
    return {
      chosen: { ...defaults.chosen, ...saved?.chosen },
      wanted: { ...defaults.wanted, ...saved?.wanted },
      relayOnly: saved?.relayOnly === true,
    }
  } catch {
    return defaults
  }
}
