import type { JoinedFrame, SubscriptionView, ViewTile } from '@veche/sfu/router'
import type { ChatId, MeetingId, SeatId, UserId } from '@veche/shared/ids'
import { createContext } from 'svelte'
import type { Api } from '#lib/api/client.ts'
import { afterQueuedTimers } from '#lib/live/environment.ts'
import { browserEnvironment } from '#lib/live/browser-environment.ts'
import type { MediaDevicesState } from '../devices/MediaDevicesState.svelte.ts'
import { CallConnection, type CallEndReason } from './connection/CallConnection.ts'
import type { NodeFrame } from './connection/NodeConnection.ts'
import type { RouterDevice } from './connection/router-device.ts'
import { watchPageLifecycle } from './page-lifecycle.ts'
import { Participants } from './Participants.svelte.ts'
import { LocalMedia } from './publish/LocalMedia.svelte.ts'
import { Monitor } from './reconnect/Monitor.ts'
import type { ReconnectAttempt } from './reconnect/reconnect-steps.ts'
import type { CallTrouble } from './reconnect/ReconnectLadder.ts'
import type { MediaStalls } from './reconnect/Watchdog.ts'
import type { RejoinRecord } from './RejoinRecord.ts'
import { Sound } from './Sound.ts'
import { keyOf } from './subscribe/Subscriptions.ts'
import { WakeLock } from './WakeLock.ts'

export type CallOptions = {
  api: Api
  me: { userId: UserId; name: string }
  meetingId: MeetingId
  chatId: ChatId
  code?: string | undefined
  devices: MediaDevicesState
  /** The meeting is an audio call. */
  audio: boolean
  rejoinRecord: RejoinRecord
  routerDevice: RouterDevice
  /** The tab comes back by itself after a reload, and never takes the seat from another tab. */
  returning?: boolean
}

/** A call in this tab, from the click on *Join now* to its end. Joining begins at once. */
export class Call {
  phase = $state<'joining' | 'in' | 'ended'>('joining')
  ended = $state<CallEndReason | null>(null)
  /** What is broken and being reconnected. The screen may wait a moment before it says so. */
  trouble = $state<CallTrouble | null>(null)
  /** When somebody first came to the meeting, in milliseconds of the server's clock. 0: not known yet. */
  firstCameAt = $state(0)
  /** The browser blocks sound until the user clicks or presses a key. */
  soundBlocked = $state(false)
  readonly meetingId: MeetingId
  readonly chatId: ChatId
  readonly devices: MediaDevicesState
  readonly audio: boolean
  readonly participants: Participants
  readonly localMedia: LocalMedia
  /** Resolves when the request for a seat has had time to leave. The screen is built after that, which takes a slow device a while. */
  readonly requested: Promise<void>
  readonly #options: CallOptions
  readonly #environment = browserEnvironment()
  #sound!: Sound
  #connection!: CallConnection
  #monitor!: Monitor
  #cleanups: (() => void)[] = []

  constructor(options: CallOptions) {
    this.#options = options
    this.meetingId = options.meetingId
    this.chatId = options.chatId
    this.devices = options.devices
    this.audio = options.audio
    this.participants = new Participants(this.#environment)
    const onToggle = () => this.#saveForReload()
    const { devices, participants } = this
    this.localMedia = new LocalMedia({ devices, participants, environment: this.#environment, onToggle })
    this.#start({ returning: options.returning ?? false, reconnect: null })
    this.requested = afterQueuedTimers(this.#environment)
  }

  /** Sizes are in physical pixels. */
  setVisibleTiles(tiles: ViewTile[]): void {
    this.#connection.visibleTiles.set(tiles.filter(({ seatId }) => seatId !== this.participants.me?.seatId))
  }

  /** Opens a device anew, or requests a new picture of a participant. */
  async repair(what: 'mic' | 'cam' | { seatId: SeatId }): Promise<void> {
    this.#monitor.reset()
    if (typeof what === 'string') return this.localMedia.repair(what)
    const participant = this.participants.find(what.seatId)
    if (participant) participant.frozen = false
    for (const { view } of this.#connection.subscriptions.shown())
      if (view.seatId === what.seatId && view.kind === 'video') this.#connection.requestKeyFrame(view.id)
  }

  /** After `taken_over`: the seat comes back to this tab. */
  takeBack(): void {
    if (this.phase !== 'ended') return
    this.phase = 'joining'
    this.ended = null
    this.#start({ returning: false, reconnect: { step: 'rejoin', reason: 'by_hand' } })
  }

  leave(): void {
    if (this.phase === 'ended') return
    this.#connection.leave({ byHand: true })
    this.#end('left')
  }

  /** To be called within a click. */
  unblockSound(): void {
    this.#sound.unblock()
  }

  #start(entry: { returning: boolean; reconnect: ReconnectAttempt | null }): void {
    this.#sound = new Sound(this.devices.inUse.out, (blocked) => (this.soundBlocked = blocked))
    this.#connection = this.#newConnection()
    this.#monitor = new Monitor({
      environment: this.#environment,
      subscriptions: this.#connection.subscriptions,
      localMedia: this.localMedia,
      onStalls: (stalls) => this.#showStalls(stalls),
    })
    const wakeLock = new WakeLock()
    this.#cleanups = [
      () => wakeLock.release(),
      this.#watchPage(),
      this.devices.events.on('output', (id) => void this.#sound.setOutput(id)),
      this.localMedia.start(),
    ]
    this.#saveForReload()
    void this.devices.start()
    void this.#connection.join(entry)
  }

  #newConnection(): CallConnection {
    const { api, meetingId, code, rejoinRecord, routerDevice } = this.#options
    const connection = new CallConnection({
      environment: this.#environment,
      api,
      meetingId,
      code,
      rejoinRecord,
      routerDevice,
      publications: this.localMedia.publications,
      relayOnly: () => this.devices.relayOnly,
    })
    const { events, subscriptions } = connection
    events.on('seated', ({ firstCameAt }) => (this.firstCameAt = Date.parse(firstCameAt)))
    events.on('joined', (frame) => this.#joined(frame))
    events.on('frame', (frame) => this.#receive(frame))
    events.on('trouble', (trouble) => (this.trouble = trouble))
    events.on('ended', (why) => this.#end(why))
    subscriptions.events.on('track', (view, track) => this.#play(view, track))
    return connection
  }

  #watchPage(): () => void {
    return watchPageLifecycle(this.#environment, {
      hide: () => {
        this.#saveForReload()
        this.#connection.leave({ byHand: false })
      },
      // The node has ended the peer meanwhile.
      restore: () => this.#end('lost'),
      alive: () => this.#saveForReload(),
    })
  }

  #joined(frame: JoinedFrame): void {
    this.participants.join(frame, this.#options.me)
    this.localMedia.setCapabilities(frame.capabilities)
    this.phase = 'in'
  }

  #receive(frame: NodeFrame): void {
    if (frame.type === 'peer') this.participants.update(frame.peer)
    else if (frame.type === 'peerGone') this.participants.remove(frame.seatId)
    else if (frame.type === 'speakers') this.participants.setSpeakers(frame.seatIds)
    else if (frame.type === 'quality') this.participants.setQuality(frame.seatId, frame.quality)
    else if (frame.type === 'capabilities') this.localMedia.setCapabilities(frame.capabilities)
    else if (frame.type === 'publicationStopped') this.localMedia.publicationStopped(frame)
  }

  #play(view: SubscriptionView, track: MediaStreamTrack | null): void {
    const { seatId, source } = view
    if (source === 'cam' || source === 'screen') this.participants.setTrack(seatId, source, track)
    else this.#sound.play(keyOf(view), track)
  }

  #showStalls({ micSilent, camFrozen, needKeyFrame, frozen }: MediaStalls): void {
    this.localMedia.mic.stalled = micSilent
    this.localMedia.cam.stalled = camFrozen
    for (const id of needKeyFrame) this.#connection.requestKeyFrame(id)
    for (const each of this.participants.list)
      if (!each.isMe) each.frozen = each.cameraOn && frozen.has(keyOf({ seatId: each.seatId, source: 'cam' }))
  }

  #saveForReload(): void {
    const { meetingId, chatId, code = null, audio, rejoinRecord } = this.#options
    rejoinRecord.save({ meetingId, chatId, code, audio, ...this.devices.wanted })
  }

  #end(why: CallEndReason): void {
    if (this.phase === 'ended') return
    for (const cleanup of this.#cleanups.splice(0)) cleanup()
    this.#monitor.stop()
    this.#connection.stop()
    this.#sound.close()
    this.participants.clear()
    this.devices.close()
    this.trouble = null
    this.soundBlocked = false
    this.ended = why
    this.phase = 'ended'
    this.#options.rejoinRecord.clear()
  }
}

export const [getCall, setCall] = createContext<Call>()
