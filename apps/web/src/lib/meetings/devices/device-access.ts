import { LevelMeter } from './LevelMeter.ts'
import type { Permission } from './MediaDevicesState.svelte.ts'

export type InputKind = 'mic' | 'cam'
/** For each kind to open: a device id, or null for the default of the system. */
export type DeviceRequest = { mic?: string | null; cam?: string | null }

/** What the browser offers for media devices; tests have another one. */
export type DeviceAccess = {
  /** Rejects as getUserMedia does. */
  open(request: DeviceRequest): Promise<MediaStreamTrack[]>
  list(): Promise<Pick<MediaDeviceInfo, 'deviceId' | 'kind' | 'label'>[]>
  permission(kind: InputKind): Promise<Permission>
  /** A device was plugged in or unplugged, or a permission changed. */
  onChange(run: () => void): () => void
  /** The page is visible again. */
  onShow(run: () => void): () => void
  /** Reports the level of a microphone until it is closed. */
  meter(track: MediaStreamTrack, onLevel: (level: number) => void): { close(): void }
  readonly canChooseOutput: boolean
}

const CAMERA = { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 30, max: 30 } }

export function browserDeviceAccess(): DeviceAccess {
  // Undefined without a secure context.
  const devices: MediaDevices | undefined = navigator.mediaDevices
  return {
    open: async (request) => {
      if (!devices) throw new DOMException('this context has no media devices', 'NotFoundError')
      return (await devices.getUserMedia(constraints(request))).getTracks()
    },
    list: async () => (await devices?.enumerateDevices()) ?? [],
    permission,
    onChange: (run) => watchAll(devices, run),
    onShow: (run) => {
      const listener = () => document.visibilityState === 'visible' && run()
      document.addEventListener('visibilitychange', listener)
      return () => document.removeEventListener('visibilitychange', listener)
    },
    meter: (track, onLevel) => new LevelMeter(track, onLevel),
    canChooseOutput: 'setSinkId' in HTMLMediaElement.prototype,
  }
}

/** Why a device did not open. */
export function openFailure(thrown: unknown): Exclude<Permission, 'unknown' | 'prompt' | 'granted'> {
  const name = thrown instanceof Error || thrown instanceof DOMException ? thrown.name : ''
  if (name === 'NotAllowedError' || name === 'SecurityError') return 'denied'
  if (name === 'NotFoundError' || name === 'OverconstrainedError' || name === 'TypeError') return 'missing'
  return 'busy'
}

function constraints({ mic, cam }: DeviceRequest): MediaStreamConstraints {
  const exact = (id: string | null) => (id ? { deviceId: { exact: id } } : {})
  return {
    ...(mic === undefined
      ? {}
      : { audio: { echoCancellation: true, noiseSuppression: true, autoGainControl: true, ...exact(mic) } }),
    ...(cam === undefined ? {} : { video: { ...CAMERA, ...exact(cam) } }),
  }
}

const permissionNames = { mic: 'microphone', cam: 'camera' } as const

async function permission(kind: InputKind): Promise<Permission> {
  const status = await query(kind)
  return status?.state ?? 'unknown'
}

/** Not every browser knows these names of permissions. */
async function query(kind: InputKind): Promise<PermissionStatus | undefined> {
  try {
    return await navigator.permissions.query({ name: permissionNames[kind] as PermissionName })
  } catch {
    return undefined
  }
}

function watchAll(devices: MediaDevices | undefined, run: () => void): () => void {
  const stopped = new AbortController()
  const { signal } = stopped
  devices?.addEventListener('devicechange', run, { signal })
  for (const kind of ['mic', 'cam'] as const)
    void query(kind).then((status) => {
      if (!signal.aborted) status?.addEventListener('change', run, { signal })
    })
  return () => stopped.abort()
}
