import type { DeviceKind, Permission } from '../meetings/devices/Devices.svelte.ts'
import type { Ask, InputKind, Machine } from '../meetings/devices/machine.ts'

type Plugged = { kind: DeviceKind; id: string; label: string }

/** A machine whose devices come and go as a test says. */
export class TestMachine implements Machine {
  readonly asked: Ask[] = []
  readonly opened: MediaStreamTrack[] = []
  readonly canChooseOutput = true
  plugged: Plugged[] = [
    { kind: 'mic', id: 'mic', label: 'Built-in mic' },
    { kind: 'cam', id: 'cam', label: 'Built-in camera' },
  ]
  refuses: string | null = null
  /** Names no device before one is opened. */
  discreet = false
  permitted: Permission = 'prompt'
  /** As many telephones: a second camera does not open beside the first. */
  oneCamera = false
  /** Another programme has this one. */
  busy: string | null = null
  #answered: Promise<void> = Promise.resolve()
  readonly #onChange = new Set<() => void>()
  readonly #onShow = new Set<() => void>()

  async open(ask: Ask): Promise<MediaStreamTrack[]> {
    this.asked.push(ask)
    await this.#answered
    if (this.refuses) throw new DOMException('refused', this.refuses)
    this.discreet = false
    return (['mic', 'cam'] as const).flatMap((kind) => (ask[kind] === undefined ? [] : [this.#one(kind, ask[kind])]))
  }

  list() {
    const kinds = { mic: 'audioinput', cam: 'videoinput', out: 'audiooutput' } as const
    const named = ({ id, label }: Plugged) => (this.discreet ? { deviceId: '', label: '' } : { deviceId: id, label })
    return Promise.resolve(this.plugged.map((each) => ({ kind: kinds[each.kind], ...named(each) })))
  }

  permission(): Promise<Permission> {
    return Promise.resolve(this.permitted)
  }

  onChange(call: () => void) {
    this.#onChange.add(call)
    return () => this.#onChange.delete(call)
  }

  onShow(call: () => void) {
    this.#onShow.add(call)
    return () => this.#onShow.delete(call)
  }

  meter(): { close(): void } {
    return { close: () => undefined }
  }

  /** From now on every opening asks the person; answers how the person agrees. */
  ask(): () => void {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#answered = promise
    return resolve
  }

  settled(): Promise<void> {
    return tell(new Set())
  }

  /** What has its light on. */
  live(): string[] {
    return this.opened.filter(({ readyState }) => readyState === 'live').map(({ label }) => label)
  }

  plug(kind: DeviceKind, id: string, label: string): void {
    this.plugged.push({ kind, id, label })
  }

  unplug(id: string): void {
    this.plugged = this.plugged.filter((each) => each.id !== id)
  }

  changed(): Promise<void> {
    return tell(this.#onChange)
  }

  shown(): Promise<void> {
    return tell(this.#onShow)
  }

  #one(kind: InputKind, id: string | null): MediaStreamTrack {
    const device = this.plugged.find((each) => each.kind === kind && (id === null || each.id === id))
    if (!device) throw new DOMException('none', 'NotFoundError')
    const open = this.opened.some(({ kind: other, readyState }) => other === 'video' && readyState === 'live')
    if (device.id === this.busy || (kind === 'cam' && this.oneCamera && open))
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

async function tell(calls: Set<() => void>): Promise<void> {
  for (const call of calls) call()
  for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve))
}
