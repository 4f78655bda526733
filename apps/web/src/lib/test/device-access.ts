import type { DeviceAccess, DeviceRequest, InputKind } from '../meetings/devices/device-access.ts'
import type { DeviceKind, Permission } from '../meetings/devices/MediaDevicesState.svelte.ts'

type PluggedIn = { kind: DeviceKind; id: string; label: string }

/** Media devices that a test plugs in and out. */
export class TestDeviceAccess implements DeviceAccess {
  readonly requests: DeviceRequest[] = []
  readonly opened: MediaStreamTrack[] = []
  readonly canChooseOutput = true
  pluggedIn: PluggedIn[] = [
    { kind: 'mic', id: 'mic', label: 'Built-in mic' },
    { kind: 'cam', id: 'cam', label: 'Built-in camera' },
  ]
  /** The name of the error with which opening fails. */
  openError: string | null = null
  /** No device is named before one has been opened. */
  hidesNames = false
  permissionState: Permission = 'prompt'
  /** As on many phones, a second camera does not open beside the first. */
  oneCamera = false
  /** Another program holds this device. */
  busyId: string | null = null
  #permitted: Promise<void> = Promise.resolve()
  readonly #onChange = new Set<() => void>()
  readonly #onShow = new Set<() => void>()

  async open(request: DeviceRequest): Promise<MediaStreamTrack[]> {
    this.requests.push(request)
    await this.#permitted
    if (this.openError) throw new DOMException('refused', this.openError)
    this.hidesNames = false
    return (['mic', 'cam'] as const).flatMap((kind) =>
      request[kind] === undefined ? [] : [this.#openTrack(kind, request[kind])],
    )
  }

  list() {
    const kinds = { mic: 'audioinput', cam: 'videoinput', out: 'audiooutput' } as const
    const named = ({ id, label }: PluggedIn) =>
      this.hidesNames ? { deviceId: '', label: '' } : { deviceId: id, label }
    return Promise.resolve(this.pluggedIn.map((each) => ({ kind: kinds[each.kind], ...named(each) })))
  }

  permission(): Promise<Permission> {
    return Promise.resolve(this.permissionState)
  }

  onChange(run: () => void) {
    this.#onChange.add(run)
    return () => this.#onChange.delete(run)
  }

  onShow(run: () => void) {
    this.#onShow.add(run)
    return () => this.#onShow.delete(run)
  }

  meter(): { close(): void } {
    return { close: () => undefined }
  }

  /** From now on the user is asked before a device opens. Returns how the user agrees. */
  askUser(): () => void {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#permitted = promise
    return resolve
  }

  settled(): Promise<void> {
    return notify(new Set())
  }

  /** The labels of the devices that are open. */
  openLabels(): string[] {
    return this.opened.filter(({ readyState }) => readyState === 'live').map(({ label }) => label)
  }

  plug(kind: DeviceKind, id: string, label: string): void {
    this.pluggedIn.push({ kind, id, label })
  }

  unplug(id: string): void {
    this.pluggedIn = this.pluggedIn.filter((each) => each.id !== id)
  }

  changed(): Promise<void> {
    return notify(this.#onChange)
  }

  pageShown(): Promise<void> {
    return notify(this.#onShow)
  }

  #openTrack(kind: InputKind, id: string | null): MediaStreamTrack {
    const device = this.pluggedIn.find((each) => each.kind === kind && (id === null || each.id === id))
    if (!device) throw new DOMException('none', 'NotFoundError')
    const open = this.opened.some(({ kind: other, readyState }) => other === 'video' && readyState === 'live')
    if (device.id === this.busyId || (kind === 'cam' && this.oneCamera && open))
      throw new DOMException('in use', 'NotReadableError')
    const track = {
      id: device.label,
      enabled: true,
      kind: kind === 'mic' ? 'audio' : 'video',
      label: device.label,
      readyState: 'live',
      muted: false,
      getSettings: () => ({ deviceId: device.id }),
      stop: () => (track.readyState = 'ended'),
    }
    const opened = track as unknown as MediaStreamTrack
    this.opened.push(opened)
    return opened
  }
}

async function notify(listeners: Set<() => void>): Promise<void> {
  for (const run of listeners) run()
  for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve))
}
