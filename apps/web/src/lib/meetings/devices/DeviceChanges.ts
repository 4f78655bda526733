import type { DeviceAccess, InputKind } from './device-access.ts'
import type { DeviceList } from './DeviceList.svelte.ts'
import type { DevicePreference } from './DevicePreference.svelte.ts'
import type { DeviceKind, DeviceNotice } from './MediaDevicesState.svelte.ts'
import type { MediaInput } from './MediaInput.svelte.ts'

type Options = {
  access: DeviceAccess
  list: DeviceList
  inputs: Record<InputKind, MediaInput>
  preferences: Record<DeviceKind, DevicePreference>
  /** What is found before the start is complete was there before, even if its name is known only then. */
  started(): Promise<void> | undefined
  wants(kind: InputKind): boolean
  open(kind: InputKind): Promise<boolean>
  /** The user should know that a chosen device is gone or back. */
  onNotice(notice: DeviceNotice): void
}

/** Follows devices that are plugged in and unplugged, and permissions that change, while the devices are in use. */
export class DeviceChanges {
  readonly #options: Options
  #unsubscribe: (() => void)[] = []
  #checking: Promise<void> | undefined
  #changedAgain = false

  constructor(options: Options) {
    this.#options = options
    for (const input of Object.values(options.inputs)) input.events.on('lost', () => void this.#replace(input))
  }

  start(): void {
    const { access } = this.#options
    this.#unsubscribe = [access.onChange(() => void this.#changed()), access.onShow(() => this.#pageShown())]
  }

  stop(): void {
    for (const unsubscribe of this.#unsubscribe.splice(0)) unsubscribe()
  }

  /** Opens a device that was denied if it is allowed now. */
  async refreshPermissions(): Promise<void> {
    const { inputs, wants, open } = this.#options
    await Promise.all(
      Object.values(inputs).map(async (input) => {
        if ((await input.refreshPermission()) && wants(input.kind)) void open(input.kind)
      }),
    )
  }

  /** Changes come in bursts: there is one check at a time, and one more if something changed meanwhile. */
  async #changed(): Promise<void> {
    this.#changedAgain = true
    await (this.#checking ??= this.#check().finally(() => (this.#checking = undefined)))
  }

  async #check(): Promise<void> {
    const { list, preferences } = this.#options
    await this.#options.started()
    while (this.#changedAgain) {
      this.#changedAgain = false
      await list.refresh()
      await this.refreshPermissions()
      // Not awaited: the browser may ask the user about one device for long, and the others must not wait.
      for (const kind of Object.keys(preferences) as DeviceKind[]) void this.#follow(kind)
    }
  }

  /** A chosen device that is unplugged is replaced by another one, and used again when it is back. */
  async #follow(kind: DeviceKind): Promise<void> {
    const { inputs, preferences, wants, open, onNotice } = this.#options
    const preference = preferences[kind]
    const input = kind === 'out' ? null : inputs[kind]
    const change = preference.checkPlugged()
    if (!change || !preference.chosen) {
      if (input && wants(input.kind) && input.permission === 'missing') await open(input.kind)
      return
    }
    const { label } = preference.chosen
    preference.use(change.id)
    if (input && (input.track !== null || wants(input.kind))) await open(input.kind)
    // It has been plugged in or unplugged again while the other one was opened.
    if (preference.id !== change.id) return
    onNotice({ kind, what: change.what, label, usingNow: input?.track?.label ?? null })
  }

  /** The open device is lost: what is plugged in now replaces it. */
  async #replace(input: MediaInput): Promise<void> {
    await this.#changed()
    if (!input.track && !input.opening && this.#options.wants(input.kind)) await this.#options.open(input.kind)
  }

  /** While the page was hidden, the system may have given a device back. */
  #pageShown(): void {
    const { inputs, wants, open } = this.#options
    for (const { kind, held, permission } of Object.values(inputs))
      if (wants(kind) && (held || permission === 'busy')) void open(kind)
  }
}
