import type { DeviceKind } from './Devices.svelte.ts'

/** What this browser remembers of its devices. */
export type Remembered = {
  chosen: Record<DeviceKind, { id: string; label: string } | null>
  wanted: { mic: boolean; cam: boolean }
  relayOnly: boolean
}

const KEY = 'veche-devices'
const nothing: Remembered = {
  chosen: { mic: null, cam: null, out: null },
  wanted: { mic: true, cam: true },
  relayOnly: false,
}

export function recallDevices(storage: Pick<Storage, 'getItem'>): Remembered {
  try {
    const kept = JSON.parse(storage.getItem(KEY) ?? '{}') as Partial<Remembered> | null
    return {
      chosen: { ...nothing.chosen, ...kept?.chosen },
      wanted: { ...nothing.wanted, ...kept?.wanted },
      relayOnly: kept?.relayOnly === true,
    }
  } catch {
    return nothing
  }
}

export function rememberDevices(storage: Pick<Storage, 'setItem'>, what: Remembered): void {
  try {
    storage.setItem(KEY, JSON.stringify(what))
  } catch {
    // Full or forbidden: next time one chooses again.
  }
}

type Listed = { id: string; label: string }

/** A device is known by its id; browsers change ids now and then, the label stays. */
export function find(list: Listed[], wanted: Listed | null): Listed | null {
  if (!wanted) return null
  return list.find(({ id }) => id === wanted.id) ?? list.find(({ label }) => label && label === wanted.label) ?? null
}
