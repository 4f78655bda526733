import type { Permission } from './Devices.svelte.ts'
import { Meter } from './Meter.ts'

export type InputKind = 'mic' | 'cam'
export type Ask = { mic?: string | null; cam?: string | null }

/** What devices need of the browser. */
export type Machine = {
  /** A device id, or null for what the system takes. Rejects as getUserMedia does. */
  open(ask: Ask): Promise<MediaStreamTrack[]>
  list(): Promise<Pick<MediaDeviceInfo, 'deviceId' | 'kind' | 'label'>[]>
  permission(kind: InputKind): Promise<Permission>
  /** Devices came or went, or a permission changed. */
  onChange(call: () => void): () => void
  /** Shown again: what the system took away may be free again. */
  onShow(call: () => void): () => void
  /** Tells how loud a microphone is, until it is closed. */
  meter(track: MediaStreamTrack, tell: (level: number) => void): { close(): void }
  readonly canChooseOutput: boolean
}

const CAMERA = { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 30, max: 30 } }

export function browserMachine(): Machine {
  // Without a secure context there are no devices at all.
  const devices: MediaDevices | undefined = navigator.mediaDevices
  return {
    open: async (ask) => {
      if (!devices) throw new DOMException('no devices here', 'NotFoundError')
      return (await devices.getUserMedia(constraints(ask))).getTracks()
    },
    list: async () => (await devices?.enumerateDevices()) ?? [],
    permission,
    onChange: (call) => watchAll(devices, call),
    onShow: (call) => {
      const shown = () => document.visibilityState === 'visible' && call()
      document.addEventListener('visibilitychange', shown)
      return () => document.removeEventListener('visibilitychange', shown)
    },
    meter: (track, tell) => new Meter(track, tell),
    canChooseOutput: 'setSinkId' in HTMLMediaElement.prototype,
  }
}

/** Why a device did not open, in our words. */
export function refusal(thrown: unknown): Exclude<Permission, 'unknown' | 'prompt' | 'granted'> {
  const name = thrown instanceof Error || thrown instanceof DOMException ? thrown.name : ''
  if (name === 'NotAllowedError' || name === 'SecurityError') return 'denied'
  if (name === 'NotFoundError' || name === 'OverconstrainedError' || name === 'TypeError') return 'missing'
  return 'busy'
}

function constraints(ask: Ask): MediaStreamConstraints {
  const exact = (id: string | null) => (id ? { deviceId: { exact: id } } : {})
  return {
    ...(ask.mic === undefined
      ? {}
      : { audio: { echoCancellation: true, noiseSuppression: true, autoGainControl: true, ...exact(ask.mic) } }),
    ...(ask.cam === undefined ? {} : { video: { ...CAMERA, ...exact(ask.cam) } }),
  }
}

const names = { mic: 'microphone', cam: 'camera' } as const

async function permission(kind: InputKind): Promise<Permission> {
  const status = await query(kind)
  return status?.state ?? 'unknown'
}

/** Not every browser knows these names. */
async function query(kind: InputKind): Promise<PermissionStatus | undefined> {
  try {
    return await navigator.permissions.query({ name: names[kind] as PermissionName })
  } catch {
    return undefined
  }
}

function watchAll(devices: MediaDevices | undefined, call: () => void): () => void {
  const over = new AbortController()
  const { signal } = over
  devices?.addEventListener('devicechange', call, { signal })
  for (const kind of ['mic', 'cam'] as const)
    void query(kind).then((status) => {
      if (!signal.aborted) status?.addEventListener('change', call, { signal })
    })
  return () => over.abort()
}
