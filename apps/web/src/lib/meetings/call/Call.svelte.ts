import type { SubscriptionView, RoomFrame, ViewTile } from '@veche/sfu/router'
import type { ChatId, MeetingId, SeatId, UserId } from '@veche/shared/ids'
import { createContext } from 'svelte'
import type { Api } from '#lib/api/client.ts'
import type { AppErrorCode } from '#lib/api/error.ts'
import { browserEnvironment } from '#lib/live/browser-environment.ts'
import type { Devices } from '../devices/Devices.svelte.ts'
import { Connection, type EndReason } from './Connection.ts'
import { apiDoor } from './door.ts'
import { keyOf } from './Incoming.ts'
import type { Trouble } from './Ladder.ts'
import { Monitor } from './Monitor.ts'
import { watchPage } from './page.ts'
import { forgetCall, rememberCall } from './return.ts'
import { Roster } from './Roster.svelte.ts'
import { loadEarly } from './router-device.ts'
import { Sending } from './Sending.svelte.ts'
import { Sound } from './Sound.ts'
import { WakeLock } from './WakeLock.ts'
import type { Verdict } from './Watchdog.ts'

export type { EndReason } from './Connection.ts'
export type CallOptions = {
  api: Api
  me: { userId: UserId; name: string }
  meetingId: MeetingId
  chatId: ChatId
  code?: string | undefined
  devices: Devices
  /** The tab comes back by itself after a reload: it never takes the seat from another place. */
  returning?: boolean
}
/** Sizes in physical pixels. */
export type CallView = { key: SeatId; source: ViewTile['source']; width: number; height: number }[]
export type CallTrouble = Trouble
export type Repairable = 'mic' | 'cam' | { tile: SeatId }

/** A call in this tab, from the click on Join to its end. */
export class Call {
  phase = $state<'joining' | 'in' | 'ended'>('joining')
  ended = $state<EndReason | AppErrorCode | null>(null)
  /** What is broken now and being mended; said at once here, the screen may wait a second. */
  trouble = $state<CallTrouble | null>(null)
  /** When it began, so that a reload does not begin anew; milliseconds of the server's clock. */
  since = $state(0)
  /** The browser plays no sound before the next click or key. */
  soundBlocked = $state(false)
  readonly meetingId: MeetingId
  readonly chatId: ChatId
  readonly devices: Devices
  readonly sending: Sending
  readonly #options: CallOptions
  readonly #environment = browserEnvironment()
  readonly #roster = new Roster(this.#environment)
  #sound: Sound
  #connection: Connection
  #monitor: Monitor
  #endings: (() => void)[] = []

  constructor(options: CallOptions) {
    this.#options = options
    this.meetingId = options.meetingId
    this.chatId = options.chatId
    this.devices = options.devices
    this.sending = new Sending({
      devices: options.devices,
      roster: this.#roster,
      outgoing: () => this.#connection.outgoing,
      environment: this.#environment,
      wished: () => this.#remember(),
    })
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

  setView(tiles: CallView): void {
    const others = tiles.filter(({ key }) => key !== this.#roster.me?.seatId)
    this.#connection.view.set(others.map(({ key, ...rest }) => ({ seatId: key, ...rest })))
  }

  /** Opens a device anew, or asks for a picture anew. */
  async repair(what: Repairable): Promise<void> {
    this.#monitor.reset()
    if (typeof what === 'string') return this.sending.repair(what)
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
      environment: this.#environment,
      door: apiDoor(api),
      meetingId,
      code,
      relayOnly: () => this.devices.relayOnly,
      placed: ({ meeting }) => (this.since = Date.parse(meeting.startedAt)),
      joined: (frame) => this.#joined(frame),
      frame: (frame) => this.#hear(frame),
      trouble: (trouble) => (this.trouble = trouble),
      over: (why) => this.#end(why),
      refused: (source, { code }) => this.sending.refused(source, code),
      show: (view, track) => this.#show(view, track),
    })
  }

  #newMonitor(): Monitor {
    const { incoming, outgoing } = this.#connection
    return new Monitor({
      environment: this.#environment,
      incoming,
      outgoing,
      expects: () => this.sending.expects(),
      visible: () => document.visibilityState === 'visible',
      say: (verdict) => this.#say(verdict),
    })
  }

  #begin(returning: boolean): void {
    const wake = new WakeLock()
    this.#endings = [
      () => wake.release(),
      watchPage(this.#environment, {
        goes: () => {
          this.#remember()
          this.#connection.leave()
        },
        // It has lost its place in between.
        isBack: () => this.#end('lost'),
        goesOn: () => this.#remember(),
      }),
      this.devices.onOutput((id) => void this.#sound.setOutput(id)),
      this.sending.begin(),
    ]
    this.#remember()
    void this.devices.start()
    void this.#connection.join(returning)
  }

  #joined(frame: Extract<RoomFrame, { type: 'joined' }>): void {
    this.#roster.enter(frame, this.#options.me)
    this.sending.may(frame.caps)
    this.phase = 'in'
  }

  #hear(frame: RoomFrame): void {
    if (frame.type === 'peer') this.#roster.put(frame.peer)
    else if (frame.type === 'peerGone') this.#roster.gone(frame.seatId)
    else if (frame.type === 'speakers') this.#roster.speak(frame.seatIds)
    else if (frame.type === 'quality') this.#roster.quality(frame.seatId, frame.quality)
    else if (frame.type === 'caps') this.sending.may(frame.caps)
    else if (frame.type === 'publicationStopped')
      this.sending.refused(frame.source, frame.reason === 'bitrate' ? 'call.limit' : 'call.forbidden')
  }

  #show(view: SubscriptionView, track: MediaStreamTrack | null): void {
    if (view.kind === 'audio') this.#sound.play(keyOf(view), track)
    else this.#roster.picture(view.seatId, view.source, track)
  }

  #say({ micSilent, camFrozen, refresh, frozen }: Verdict): void {
    this.sending.mic.silent = micSilent
    this.sending.cam.silent = camFrozen
    for (const id of refresh) this.#connection.refresh(id)
    for (const tile of this.#roster.tiles)
      if (!tile.me) tile.frozen = tile.camOn && frozen.has(keyOf({ seatId: tile.seatId, source: 'cam' }))
  }

  #remember(): void {
    const { meetingId, chatId, code = null } = this.#options
    rememberCall({ meetingId, chatId, code, mic: this.devices.wanted.mic, cam: this.devices.wanted.cam })
  }

  #end(why: EndReason | AppErrorCode): void {
    if (this.phase === 'ended') return
    for (const end of this.#endings.splice(0)) end()
    this.#monitor.stop()
    this.#connection.stop()
    this.#sound.close()
    this.#roster.clear()
    this.devices.close()
    this.trouble = null
    this.soundBlocked = false
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
