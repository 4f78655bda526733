import { Capture } from './Capture.svelte.ts'
import { Choice } from './Choice.svelte.ts'
import { recallDevices, type Remembered, rememberDevices } from './chosen.ts'
import { browserMachine, type InputKind, type Machine } from './machine.ts'
import { Level } from './Level.svelte.ts'
import { Plugged } from './Plugged.svelte.ts'
import { playTestSound } from './test-sound.ts'

export type DeviceKind = 'mic' | 'cam' | 'out'
export type Permission = 'unknown' | 'prompt' | 'granted' | 'denied' | 'missing' | 'busy'
export type ListedDevice = { id: string; label: string }
/** A chosen device went or came back; said once. */
export type DeviceNotice = { kind: DeviceKind; what: 'gone' | 'back'; label: string; usingNow: string | null }

type TrackHeard = (kind: InputKind, track: MediaStreamTrack | null) => void
type OutputHeard = (id: string | null) => void

const inputs = ['mic', 'cam'] as const
const kinds = [...inputs, 'out'] as const

/** The microphones, cameras and loudspeakers of this machine, which of them are in use, and what is open now. */
export class Devices {
  /** What the person wants to join with; remembered. */
  wanted = $state({ mic: true, cam: true })
  /** The picture of the own camera while it is open. */
  preview = $state.raw<MediaStream | null>(null)
  notice = $state.raw<DeviceNotice | null>(null)
  testing = $state(false)
  relayOnly = $state(false)
  readonly canChooseOutput: boolean
  readonly mic: Capture
  readonly cam: Capture
  readonly #machine: Machine
  readonly #plugged: Plugged
  readonly #choices: Record<DeviceKind, Choice>
  readonly #level: Level
  readonly #storage: Storage
  readonly #heard = new Set<TrackHeard>()
  readonly #outputHeard = new Set<OutputHeard>()
  readonly #unwatch: (() => void)[] = []
  #remembered: Remembered
  #started: Promise<void> | undefined
  /** What was begun before the end comes to nothing, even when it is begun anew meanwhile. */
  #life = 0
  #looking: Promise<void> | undefined
  #changedAgain = false

  constructor({ machine = browserMachine(), storage = localStorage }: { machine?: Machine; storage?: Storage } = {}) {
    this.#machine = machine
    this.#plugged = new Plugged(machine)
    this.#level = new Level(machine)
    this.#storage = storage
    this.canChooseOutput = machine.canChooseOutput
    this.#remembered = recallDevices(storage)
    this.wanted = { ...this.#remembered.wanted }
    this.relayOnly = this.#remembered.relayOnly
    const choice = (kind: DeviceKind) => new Choice(kind, this.#plugged, this.#remembered.chosen[kind])
    this.#choices = { mic: choice('mic'), cam: choice('cam'), out: choice('out') }
    this.#choices.out.onUse = (id) => this.#outputHeard.forEach((heard) => heard(id))
    this.mic = this.#capture('mic')
    this.cam = this.#capture('cam')
  }

  get mics(): ListedDevice[] {
    return this.#plugged.of('mic')
  }

  get cams(): ListedDevice[] {
    return this.#plugged.of('cam')
  }

  get outs(): ListedDevice[] {
    return this.#plugged.of('out')
  }

  /** The device in use or to be used; null: what the system takes. */
  get chosen(): Record<DeviceKind, string | null> {
    const { mic, cam, out } = this.#choices
    return { mic: mic.id, cam: cam.id, out: out.id }
  }

  /** Of the open microphone, 0 to 1. */
  get level(): number {
    return this.#level.now
  }

  get permission(): Record<InputKind, Permission> {
    return { mic: this.mic.permission, cam: this.cam.permission }
  }

  /** Opens what is wanted, asks for the permission where it must, and lists the devices. */
  start(): Promise<void> {
    return (this.#started ??= this.#start())
  }

  /** Turns what one wants to join with. */
  async toggle(kind: InputKind): Promise<void> {
    await this.want(kind, !this.wanted[kind])
  }

  async want(kind: InputKind, on: boolean): Promise<void> {
    this.wanted[kind] = on
    this.#remember({ wanted: { ...this.wanted } })
    if (on && !this[kind].track) await this.open(kind)
    // A microphone stays open: phones end pages that let go of it.
    if (!on && kind === 'cam') this.cam.close()
  }

  async choose(kind: DeviceKind, id: string | null): Promise<void> {
    const choice = this.#choices[kind]
    choice.choose(id)
    this.#remember({ chosen: { ...this.#remembered.chosen, [kind]: choice.preferred } })
    this.notice = null
    if (kind !== 'out' && (this[kind].track || this.wanted[kind])) await this.open(kind)
  }

  /** Asks again for what was refused, missing or busy. */
  async retry(kind: InputKind): Promise<void> {
    this.wanted[kind] = true
    await this.open(kind)
  }

  /** Opens the chosen device, or whichever there is when it is gone. Before the start and after the end nothing is opened. */
  async open(kind: InputKind): Promise<boolean> {
    if (!this.#started) return false
    const open = (await this[kind].open(this.#choices[kind].id)) || (await this.#openAny(kind))
    await this.#plugged.refresh()
    return open
  }

  /** A short tone on the chosen loudspeaker. */
  async testSound(): Promise<void> {
    if (this.testing) return
    this.testing = true
    try {
      await playTestSound(this.#choices.out.id)
    } catch {
      // Unplugged in this moment: the list says so.
    } finally {
      this.testing = false
    }
  }

  setRelayOnly(on: boolean): void {
    this.relayOnly = on
    this.#remember({ relayOnly: on })
  }

  dismissNotice(): void {
    this.notice = null
  }

  /** Told of each new track, and when the system takes one or gives it back. */
  onTrack(heard: TrackHeard): () => void {
    this.#heard.add(heard)
    return () => this.#heard.delete(heard)
  }

  /** Told of each loudspeaker that is to be used from now on: by choice, or because one went or came back. */
  onOutput(heard: OutputHeard): () => void {
    this.#outputHeard.add(heard)
    return () => this.#outputHeard.delete(heard)
  }

  /** Closes every device. */
  close(): void {
    this.#life += 1
    for (const off of this.#unwatch.splice(0)) off()
    this.mic.close()
    this.cam.close()
    this.#started = undefined
  }

  #capture(kind: InputKind): Capture {
    const capture = new Capture(kind, this.#machine)
    capture.onTrack = (track) => this.#hear(kind, track)
    capture.onHeld = () => this.#tell(kind, capture.track)
    capture.onLost = () => void this.#replace(kind)
    return capture
  }

  async #start(): Promise<void> {
    const life = this.#life
    this.#unwatch.push(
      this.#machine.onChange(() => void this.#changed()),
      this.#machine.onShow(() => this.#shown()),
    )
    await Promise.all(inputs.map((kind) => this.#askPermission(kind)))
    await this.#plugged.refresh()
    if (life !== this.#life) return
    for (const kind of kinds) this.#choices[kind].recall()
    const wanted = inputs.filter((kind) => this.wanted[kind] && !this[kind].track)
    if (wanted.length === 2) await this.#openBoth()
    else await Promise.all(wanted.map((kind) => this.open(kind)))
    await this.#plugged.refresh()
    if (life === this.#life) await Promise.all(kinds.map((kind) => this.#takeRecalled(kind)))
  }

  /** Before something is open browsers may name no device at all: which of them was chosen is seen only then. */
  async #takeRecalled(kind: DeviceKind): Promise<void> {
    const choice = this.#choices[kind]
    if (!choice.isThere() || !choice.recall()) return
    if (kind !== 'out' && this[kind].track && this[kind].deviceId !== choice.id) await this.open(kind)
  }

  /** One question for both instead of two; where it fails, each is asked for by itself, so that one can be had without the other. */
  async #openBoth(): Promise<void> {
    const wishes = { mic: this.mic.expect(), cam: this.cam.expect() }
    try {
      const { mic, cam } = this.chosen
      const tracks = await this.#machine.open({ mic, cam })
      for (const track of tracks) {
        const kind = track.kind === 'audio' ? 'mic' : 'cam'
        this[kind].take(track, wishes[kind])
      }
    } catch {
      for (const kind of inputs) if (!this.wanted[kind]) this[kind].close()
      await Promise.all(inputs.filter((kind) => this.wanted[kind]).map((kind) => this.open(kind)))
    }
  }

  async #openAny(kind: InputKind): Promise<boolean> {
    if (this.#choices[kind].id === null || this[kind].permission !== 'missing') return false
    return this[kind].open(null)
  }

  async #askPermission(kind: InputKind): Promise<void> {
    if (this[kind].track) return
    const permission = await this.#machine.permission(kind)
    if (permission === 'unknown' || this[kind].track) return
    // A device that is missing or busy is so with every permission.
    const { permission: known } = this[kind]
    if ((known === 'missing' || known === 'busy') && permission !== 'denied') return
    const allowed = known === 'denied' && permission === 'granted'
    this[kind].permission = permission
    if (allowed && this.wanted[kind]) void this.open(kind)
  }

  /** They come and go in bursts: it is looked at one by one, and again when something has changed meanwhile. */
  async #changed(): Promise<void> {
    this.#changedAgain = true
    await (this.#looking ??= this.#look().finally(() => (this.#looking = undefined)))
  }

  async #look(): Promise<void> {
    // What is found at the start was there before, even if its name is only now to be had.
    await this.#started
    while (this.#changedAgain) {
      this.#changedAgain = false
      await this.#plugged.refresh()
      await Promise.all(inputs.map((kind) => this.#askPermission(kind)))
      // A question to the person may stay open for long, and must not keep the other devices waiting.
      for (const kind of kinds) void this.#follow(kind)
    }
  }

  /** A chosen device that vanishes is replaced by another, and taken again when it is back. */
  async #follow(kind: DeviceKind): Promise<void> {
    const choice = this.#choices[kind]
    const news = choice.look()
    if (news && choice.preferred) {
      const { label } = choice.preferred
      choice.use(news.id)
      if (kind !== 'out' && (this[kind].track !== null || this.wanted[kind])) await this.open(kind)
      // Back already, or gone again.
      if (choice.id !== news.id) return
      const usingNow = kind === 'out' ? null : (this[kind].track?.label ?? null)
      this.notice = { kind, what: news.what, label, usingNow }
    } else if (kind !== 'out' && this.wanted[kind] && this[kind].permission === 'missing') await this.open(kind)
  }

  /** The track ended by itself: what is plugged in now takes its place. */
  async #replace(kind: InputKind): Promise<void> {
    await this.#changed()
    if (!this[kind].track && !this[kind].opening && this.wanted[kind]) await this.open(kind)
  }

  #shown(): void {
    for (const kind of inputs)
      if (this.wanted[kind] && (this[kind].held || this[kind].permission === 'busy')) void this.open(kind)
  }

  #hear(kind: InputKind, track: MediaStreamTrack | null): void {
    if (kind === 'cam') this.preview = track && new MediaStream([track])
    else this.#level.listen(track)
    this.#tell(kind, track)
  }

  #tell(kind: InputKind, track: MediaStreamTrack | null): void {
    for (const heard of this.#heard) heard(kind, track)
  }

  #remember(what: Partial<Remembered>): void {
    this.#remembered = { ...this.#remembered, ...what }
    rememberDevices(this.#storage, this.#remembered)
  }
}
