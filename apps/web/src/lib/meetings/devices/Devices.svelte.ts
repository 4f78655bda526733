import { createContext } from 'svelte'

export type DeviceKind = 'mic' | 'cam' | 'out'
export type Permission = 'unknown' | 'prompt' | 'granted' | 'denied' | 'missing' | 'busy'
export type ListedDevice = { id: string; label: string }
/** A chosen device went or came back; said once. */
export type DeviceNotice = { kind: DeviceKind; what: 'gone' | 'back'; label: string; usingNow: string | null }

/** The microphones, cameras and loudspeakers of this machine, which of them are in use, and what is open now. */
export class Devices {
  mics = $state.raw<ListedDevice[]>([])
  cams = $state.raw<ListedDevice[]>([])
  outs = $state.raw<ListedDevice[]>([])
  /** The device in use or to be used; null: what the system takes. */
  chosen = $state<Record<DeviceKind, string | null>>({ mic: null, cam: null, out: null })
  permission = $state<Record<'mic' | 'cam', Permission>>({ mic: 'unknown', cam: 'unknown' })
  /** What the person wants to join with; remembered. */
  wanted = $state({ mic: true, cam: true })
  /** The picture of the own camera while it is open. */
  preview = $state.raw<MediaStream | null>(null)
  /** Of the open microphone, 0 to 1. */
  level = $state(0)
  notice = $state.raw<DeviceNotice | null>(null)
  testing = $state(false)
  readonly canChooseOutput: boolean = false
  relayOnly = $state(false)

  /** Opens what is wanted, asks for the permission where it must, and lists the devices. */
  async start(): Promise<void> {}

  async toggle(_kind: 'mic' | 'cam'): Promise<void> {}

  async choose(_kind: DeviceKind, _id: string | null): Promise<void> {}

  /** Asks again for what was refused, missing or busy. */
  async retry(_kind: 'mic' | 'cam'): Promise<void> {}

  /** A short tone on the chosen loudspeaker. */
  async testSound(): Promise<void> {}

  setRelayOnly(_on: boolean): void {}

  dismissNotice(): void {}

  /** Closes every device. */
  close(): void {}
}

export const [getDevices, setDevices] = createContext<Devices>()
