import type { ConsumerView, RoomFrame, ViewTile } from '@veche/sfu/router'
import type { DialogId, MeetingId, SeatId, UserId } from '@veche/shared/ids'
import type { Source } from '@veche/shared/meetings'
import type { Capability } from '@veche/shared/permissions'
import { createContext } from 'svelte'
import type { Api } from '#lib/api/client.ts'
import type { AppErrorCode } from '#lib/api/error.ts'
import { browserWorld } from '#lib/live/browser.ts'
import type { Devices } from '../devices/Devices.svelte.ts'
import { Connection, type EndReason } from './Connection.ts'
import { apiDoor } from './door.ts'
import { keyOf } from './Incoming.ts'
import type { Trouble } from './Ladder.ts'
import { Monitor } from './Monitor.ts'
import { Own } from './Own.svelte.ts'
import { forgetCall, rememberCall } from './return.ts'
import { Roster } from './Roster.svelte.ts'
import { loadEarly } from './router-device.ts'
import { pickScreen, type Shared, stopScreen } from './Screen.ts'
import { Sound } from './Sound.ts'
import { Speech } from './Speech.ts'
import { WakeLock } from './WakeLock.ts'
import type { Verdict } from './Watchdog.ts'

export type { EndReason } from './Connection.ts'
export type CallOptions = {
  api: Api
  me: { userId: UserId; name: string }
  meetingId: MeetingId
  dialogId: DialogId
  code?: string | undefined
  devices: Devices
  /** The tab comes back by itself after a reload: it never takes the seat from another place. */
  returning?: boolean
}
/** Sizes in physical pixels. */
export type CallView = { key: SeatId; source: ViewTile['source']; width: number; height: number }[]
export type CallTrouble = Trouble
export type Refusal = { what: 'mic' | 'cam' | 'screen'; code: AppErrorCode }
export type Repairable = 'mic' | 'cam' | { tile: SeatId }

const LISTEN_MS = 100

/** A call in this tab, from the click on Join to its end. */
export class Call {
  phase = $state<'joining' | 'in' | 'ended'>('joining')
  ended = $state<EndReason | AppErrorCode | null>(null)
  /** What is broken now and being mended; said at once here, the screen may wait a second. */
  trouble = $state<CallTrouble | null>(null)
  /** When I came in; milliseconds of this machine's clock. */
  since = $state(0)
  /** What the node did not take of mine, or stopped, and why: it is off now. */
  refusal = $state.raw<Refusal | null>(null)
  sharing = $state(false)
  mayShare = $state(true)
  /** I speak, and nobody hears it because I am muted. */
  speakingWhileMuted = $state(false)
  /** The browser plays no sound before the next click or key. */
  soundBlocked = $state(false)
  readonly meetingId: MeetingId
  readonly dialogId: DialogId
  readonly devices: Devices
  readonly mic: Own
  readonly cam: Own
  readonly #options: CallOptions
  readonly #world = browserWorld()
  readonly #roster = new Roster(this.#world)
  #sound: Sound
  #connection: Connection
  #monitor: Monitor
  #shared: Shared | null = null
  #endings: (() => void)[] = []

  constructor(options: CallOptions) {
    this.#options = options
    this.meetingId = options.meetingId
    this.dialogId = options.dialogId
    this.devices = options.devices
    this.mic = new Own('mic', options.devices)
    this.cam = new Own('cam', options.devices)
    this.#sound = this.#newSound()
    this.#connection = this.#newConnection()
    this.#monitor = this.#newMonitor()
    this.#begin(options.returning ?? false)
  }

  /** Mine first, then the others in the order in which they came. */
  get tiles() {
    return this.#roster.tiles
  }

  get screens() {
    return this.#roster.screens
  }

  /** The loudest first. */
  get speakers() {
    return this.#roster.speakers
  }

  toggleMic(): void {
    void this.#want('mic', !this.mic.wanted)
  }

  toggleCam(): void {
    void this.#want('cam', !this.cam.wanted)
  }

  /** Refused by the person or by the system, it is simply not shared. */
  async share(): Promise<void> {
    if (this.sharing || !this.mayShare) return
    const shared = await pickScreen()
    if (!shared) return
    if (this.phase === 'ended' || this.sharing) return stopScreen(shared)
    shared.picture.onended = () => this.stopSharing()
    this.#shared = shared
    this.refusal = null
    this.sharing = true
    this.#roster.showMyScreen(shared.stream)
    this.#sync()
  }

  stopSharing(): void {
    stopScreen(this.#shared)
    this.#shared = null
    this.sharing = false
    this.#roster.showMyScreen(null)
    this.#sync()
  }

  /** Space held down: heard as long as it is. */
  holdToTalk(down: boolean): void {
    if (down === this.mic.held || (down && this.mic.wanted)) return
    this.mic.held = down
    if (down && !this.devices.mic.track) void this.devices.open('mic')
    this.#sync()
  }

  async choose(kind: 'mic' | 'cam', deviceId: string | null): Promise<void> {
    await this.devices.choose(kind, deviceId)
  }

  async setOutput(deviceId: string | null): Promise<void> {
    await this.devices.choose('out', deviceId)
  }

  setView(tiles: CallView): void {
    const others = tiles.filter(({ key }) => key !== this.#roster.me?.seatId)
    this.#connection.view.set(others.map(({ key, ...rest }) => ({ seatId: key, ...rest })))
  }

  /** Opens a device anew, or asks for a picture anew. */
  async repair(what: Repairable): Promise<void> {
    this.#monitor.reset()
    if (typeof what === 'string') {
      this[what].silent = false
      await this.devices.retry(what)
      return
    }
    const tile = this.#roster.find(what.tile)
    if (tile) tile.frozen = false
    for (const { view } of this.#connection.incoming.shown())
      if (view.seatId === what.tile && view.kind === 'video') this.#connection.refresh(view.id)
  }

  /** After `taken_over`: the seat comes back to this tab. */
  takeBack(): void {
    if (this.phase !== 'ended') return
    this.phase = 'joining'
    this.ended = null
    this.#sound = this.#newSound()
    this.#connection = this.#newConnection()
    this.#monitor = this.#newMonitor()
    this.#begin(false)
  }

  leave(): void {
    if (this.phase === 'ended') return
    this.#connection.leave()
    this.#end('left')
  }

  /** Plays sound that the browser held back; to be called in a click. */
  unblockSound(): void {
    this.#sound.unblock()
  }

  #newSound(): Sound {
    return new Sound(this.devices.chosen.out, (blocked) => (this.soundBlocked = blocked))
  }

  #newConnection(): Connection {
    const { api, meetingId, code } = this.#options
    return new Connection({
      world: this.#world,
      door: apiDoor(api),
      meetingId,
      code,
      relayOnly: () => this.devices.relayOnly,
      joined: (frame) => this.#joined(frame),
      frame: (frame) => this.#hear(frame),
      trouble: (trouble) => (this.trouble = trouble),
      over: (why) => this.#end(why),
      refused: (source, { code }) => this.#refused(source, code),
      show: (view, track) => this.#show(view, track),
    })
  }

  #newMonitor(): Monitor {
    const { incoming, outgoing } = this.#connection
    return new Monitor({
      world: this.#world,
      incoming,
      outgoing,
      expects: () => ({
        mic: this.mic.on && outgoing.slot('mic').flows,
        cam: this.cam.on && outgoing.slot('cam').flows,
      }),
      visible: () => document.visibilityState === 'visible',
      say: (verdict) => this.#say(verdict),
    })
  }

  #begin(returning: boolean): void {
    const wake = new WakeLock()
    const away = new AbortController()
    addEventListener('pagehide', () => this.#connection.leave(), { signal: away.signal })
    // A page that was put aside and taken out again has lost its place in between.
    addEventListener('pageshow', ({ persisted }) => persisted && this.#end('lost'), { signal: away.signal })
    this.#endings = [
      () => wake.release(),
      () => away.abort(),
      this.devices.onTrack(() => this.#sync()),
      this.devices.onOutput((id) => void this.#sound.setOutput(id)),
      this.#listenToMyself(),
    ]
    this.#remember()
    this.#sync()
    void this.devices.start()
    void this.#connection.join(returning)
  }

  #joined(frame: Extract<RoomFrame, { type: 'joined' }>): void {
    if (this.since === 0) this.since = Date.now()
    this.#roster.enter(frame, this.#options.me)
    this.#may(frame.caps)
    this.phase = 'in'
    this.#sync()
  }

  #hear(frame: RoomFrame): void {
    if (frame.type === 'peer') this.#roster.put(frame.peer)
    else if (frame.type === 'gone') this.#roster.gone(frame.seatId)
    else if (frame.type === 'speakers') this.#roster.speak(frame.seatIds)
    else if (frame.type === 'quality') this.#roster.quality(frame.seatId, frame.quality)
    else if (frame.type === 'caps') this.#may(frame.caps)
    else if (frame.type === 'stopped')
      this.#refused(frame.source, frame.reason === 'bitrate' ? 'call.limit' : 'call.forbidden')
  }

  #may(caps: Capability[]): void {
    this.mic.allowed = caps.includes('mic')
    this.cam.allowed = caps.includes('cam')
    this.mayShare = caps.includes('screen')
    if (!this.mayShare && this.sharing) this.stopSharing()
    this.#sync()
  }

  /** The node does not take it: what the screen shows must be what the others have. */
  #refused(source: Source, code: AppErrorCode): void {
    if (source === 'screenSound') return
    this.refusal = { what: source, code }
    if (source === 'screen') return this.stopSharing()
    // Next time it may be taken: this is not the person's wish, and not remembered as one.
    this.devices.wanted[source] = false
    this[source].held = false
    if (source === 'cam') this.devices.cam.close()
    this.#sync()
  }

  async #want(kind: 'mic' | 'cam', on: boolean): Promise<void> {
    this.refusal = null
    this[kind].held = false
    this[kind].silent = false
    const wanted = this.devices.want(kind, on)
    this.#sync()
    this.#remember()
    await wanted
    this.#sync()
  }

  /** What I send follows from what is open, wanted and allowed. */
  #sync(): void {
    const { outgoing } = this.#connection
    const { mic, cam } = this.devices
    // What the system holds is off for the others too, and not a voice that is silent or a picture that stands still.
    outgoing.set('mic', mic.track, !this.mic.on)
    outgoing.set('cam', this.cam.wanted ? cam.track : null, !this.cam.on)
    outgoing.set('screen', this.#shared?.picture ?? null, false)
    outgoing.set('screenSound', this.#shared?.sound ?? null, false)
    const tile = this.#roster.me
    if (!tile) return
    tile.mic = mic.track ? (this.mic.on ? 'on' : 'off') : 'none'
    tile.camOn = this.cam.on
    tile.video = this.cam.on ? this.devices.preview : null
  }

  #show(view: ConsumerView, track: MediaStreamTrack | null): void {
    if (view.kind === 'audio') this.#sound.play(keyOf(view), track)
    else this.#roster.picture(view.seatId, view.source, track)
  }

  #say({ micSilent, camFrozen, refresh, frozen }: Verdict): void {
    this.mic.silent = micSilent
    this.cam.silent = camFrozen
    for (const id of refresh) this.#connection.refresh(id)
    for (const tile of this.#roster.tiles)
      if (!tile.me) tile.frozen = tile.camOn && frozen.has(keyOf({ seatId: tile.seatId, source: 'cam' }))
  }

  #listenToMyself(): () => void {
    const speech = new Speech()
    const timer = setInterval(() => {
      const muted = !this.mic.on && this.devices.mic.track !== null
      if (muted) this.speakingWhileMuted = speech.hear(this.devices.level, this.#world.now())
      else {
        speech.reset()
        this.speakingWhileMuted = false
      }
    }, LISTEN_MS)
    return () => clearInterval(timer)
  }

  #remember(): void {
    const { meetingId, dialogId, code = null } = this.#options
    rememberCall({ meetingId, dialogId, code, mic: this.devices.wanted.mic, cam: this.devices.wanted.cam })
  }

  #end(why: EndReason | AppErrorCode): void {
    if (this.phase === 'ended') return
    for (const end of this.#endings.splice(0)) end()
    this.#monitor.stop()
    this.#connection.stop()
    this.#sound.close()
    stopScreen(this.#shared)
    this.#shared = null
    this.sharing = false
    this.#roster.clear()
    this.devices.close()
    this.mic.held = false
    this.speakingWhileMuted = false
    this.trouble = null
    this.ended = why
    this.phase = 'ended'
    forgetCall()
  }
}

/** The one entrance; begins to join at once. */
export function openCall(options: CallOptions): Call {
  return new Call(options)
}

/** On the screen before joining: what can be made ready without the server is made ready. */
export function prepareCall(): void {
  loadEarly()
}

export const [getCall, setCall] = createContext<Call>()
