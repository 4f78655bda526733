import { Device, type types } from 'mediasoup-client'

const STORAGE_KEY = 'veche-router'

/**
 * The device of mediasoup-client: what this browser can send and receive. Loading one opens a peer connection for a moment, so there is
 * one for the page. All nodes of a release have the same capabilities.
 */
let loaded: { capabilities: string; device: Promise<Device> } | undefined

export function deviceFor(capabilities: Record<string, unknown>): Promise<Device> {
  const text = JSON.stringify(capabilities)
  if (loaded?.capabilities !== text) loaded = { capabilities: text, device: load(text) }
  save(text)
  return loaded.device
}

/** Loads the device before the call, with the capabilities that a node had last time. If they differ, it is loaded again. */
export function preloadDevice(): void {
  const text = readSaved()
  if (!text || loaded) return
  loaded = { capabilities: text, device: load(text) }
  // An error is reported when the user joins.
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

function readSaved(): string | null {
  try {
    return localStorage.getItem(STORAGE_KEY)
  } catch {
    return null
  }
}

function save(text: string): void {
  try {
    if (localStorage.getItem(STORAGE_KEY) !== text) localStorage.setItem(STORAGE_KEY, text)
  } catch {
    // Without it the device is loaded while joining.
  }
}
