import { Device, type types } from 'mediasoup-client'

const STORAGE_KEY = 'veche-router'

/**
 * The device of mediasoup-client: what this browser can send and receive. Loading one opens a peer connection for a moment, so it is
 * kept from one call to the next. All nodes of a release have the same capabilities.
 */
export class RouterDevice {
  #loaded: { capabilities: string; device: Promise<Device> } | undefined

  loadFor(capabilities: Record<string, unknown>): Promise<Device> {
    const text = JSON.stringify(capabilities)
    const loaded = this.#loaded?.capabilities === text ? this.#loaded.device : this.#load(text)
    save(text)
    return loaded
  }

  /** Loads the device before the call, with the capabilities that a node had last time. If they differ, it is loaded again. */
  preload(): void {
    const text = readSaved()
    // An error is reported when the user joins.
    if (text && !this.#loaded) this.#load(text).catch(() => undefined)
  }

  #load(text: string): Promise<Device> {
    const device = load(text)
    this.#loaded = { capabilities: text, device }
    device.catch(() => {
      if (this.#loaded?.device === device) this.#loaded = undefined
    })
    return device
  }
}

/** The one that the active call keeps; it is made here, because the page before the first call does not load this code. */
export function routerDeviceOf(owner: { routerDevice: RouterDevice | null }): RouterDevice {
  return (owner.routerDevice ??= new RouterDevice())
}

async function load(text: string): Promise<Device> {
  const device = await Device.factory()
  await device.load({ routerRtpCapabilities: JSON.parse(text) as types.RtpCapabilities })
  return device
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
