import { Device, type types } from 'mediasoup-client'

const KEY = 'veche-router'

/** A device loads once, for one kind of router: all nodes of a release are of one kind, so that it is ready before one joins. */
let loaded: { capabilities: string; device: Promise<Device> } | undefined

export function deviceFor(capabilities: Record<string, unknown>): Promise<Device> {
  const text = JSON.stringify(capabilities)
  if (loaded?.capabilities !== text) loaded = { capabilities: text, device: load(text) }
  keep(text)
  return loaded.device
}

/** Loads with what the node said last time; where it says something else, it is loaded again. */
export function loadEarly(): void {
  const text = recall()
  if (!text || loaded) return
  loaded = { capabilities: text, device: load(text) }
  // Whoever joins is told; until then it is nobody's concern.
  loaded.device.catch(() => undefined)
}

async function load(text: string): Promise<Device> {
  try {
    const device = await Device.factory()
    await device.load({ routerRtpCapabilities: JSON.parse(text) as types.RtpCapabilities })
    return device
  } catch (thrown) {
    if (loaded?.capabilities === text) loaded = undefined
    throw thrown
  }
}

function recall(): string | null {
  try {
    return localStorage.getItem(KEY)
  } catch {
    return null
  }
}

function keep(text: string): void {
  try {
    if (localStorage.getItem(KEY) !== text) localStorage.setItem(KEY, text)
  } catch {
    // Then it is loaded when it is needed.
  }
}
