import { EventEmitter } from 'node:events'
import type { SeatId, UserId } from '@veche/shared/ids'
import { limits } from '@veche/shared/limits'
import type { Capability } from '@veche/shared/permissions'
import type { TicketClaims } from '@veche/shared/ticket'
import type { types } from 'mediasoup'
import type { Stop } from '../clock.ts'
import type { Deps } from '../deps.ts'
import { fail } from '../errors.ts'
import { type Transports, transportView } from '../media/Transports.ts'
import type { EndReason, PeerView, Quality, RoomFrame, TransportView } from '../signalling/frames.ts'
import { FrameQueue } from '../signalling/FrameQueue.ts'
import type { Reconnect, Replace, RestartIce, TicketJoin } from '../signalling/inputs.ts'
import { RateLimit } from '../signalling/RateLimit.ts'
import type { SignallingSocket } from '../signalling/SignallingSocket.ts'
import { Liveness } from './Liveness.ts'
import { recordMedia } from './media-metrics.ts'
import type { Publication } from './Publication.ts'
import { Publications } from './Publications.ts'
import { goodQuality, measureDelayMs, QualityMeter } from './QualityMeter.ts'
import type { Receiver } from './Receiver.ts'
import type { Room } from './Room.ts'
import { Subscriptions } from './Subscriptions.ts'

/** A call that is broadcast to the whole room costs the node a hundred times what it costs the client. */
const broadcastLimit = { perSecond: 5, burst: 40 }
const reconnectLogLimit = { perSecond: 1, burst: 10 }

type PeerEvents = {
  published: [publication: Publication]
  /** The others see it differently: its publications have changed, or it is away or back. */
  changed: []
  qualityChanged: [quality: Quality]
  /** A call came on the newest socket, so the secret that was sent there has arrived. */
  secretArrived: []
  /** It does not represent its seat any more. Its media may flow for a while. */
  ended: [reason: EndReason]
  /** Its transports are closed, and nothing of it is left. */
  closed: []
}

/** One connection of a seat to a room. It outlives its socket for a while, and its seat outlives it. */
export class Peer extends EventEmitter<PeerEvents> implements Receiver {
  readonly room: Room
  readonly seatId: SeatId
  readonly userId: UserId
  readonly name: string
  readonly epoch: number
  readonly transports: Transports
  readonly publications: Publications
  readonly subscriptions: Subscriptions
  capabilities: Capability[]
  quality: Quality = goodQuality
  away = false
  ended: EndReason | null = null
  /** Resolves when the check that began last is over. */
  lastCheck: Promise<void> = Promise.resolve()
  readonly #deps: Deps
  readonly #qualityMeter = new QualityMeter()
  readonly #liveness: Liveness
  readonly #broadcasts: RateLimit
  readonly #reconnectLog: RateLimit
  #queue: FrameQueue | null = null
  #awaitsSecret = false
  #isMeasuring = false
  #endHandover: Stop | undefined

  constructor(deps: Deps, room: Room, transports: Transports, claims: TicketClaims, input: TicketJoin) {
    super()
    this.#deps = deps
    this.#liveness = new Liveness(deps.clock)
    this.#broadcasts = new RateLimit(deps.clock, broadcastLimit)
    this.#reconnectLog = new RateLimit(deps.clock, reconnectLogLimit)
    this.room = room
    this.transports = transports
    this.seatId = claims.seat
    this.userId = claims.user
    this.name = claims.name
    this.epoch = claims.seatEpoch
    this.capabilities = claims.capabilities
    this.publications = new Publications(deps, this)
    this.subscriptions = new Subscriptions(deps, this, input)
    this.#listen()
  }

  #listen(): void {
    this.publications.on('published', (publication) => this.emit('published', publication))
    this.publications.on('changed', () => this.emit('changed'))
    this.publications.on('stopped', (frame) => this.push(frame))
    this.transports.on('lost', (frame) => this.push(frame))
    this.transports.on('replaced', (id) => this.publications.closeTransport(id))
  }

  get isAttached(): boolean {
    return this.#queue !== null
  }

  get receiveTransport(): types.Transport {
    return this.transports.newest('recv')
  }

  get offered(): Publication[] {
    return this.room.publicationsFor(this)
  }

  view(): PeerView {
    const { seatId, userId, name, away, quality } = this
    return { seatId, userId, name, away, quality, publications: this.room.publicationsOf(seatId) }
  }

  /** Gives the peer this socket. The first frame holds the whole state, so nothing that a former socket lost is missed. */
  attach(socket: SignallingSocket, secret: string, resumed: boolean): FrameQueue {
    this.#cutSocket()
    const queue = new FrameQueue(socket, this.#joinedFrame(secret, resumed))
    this.#awaitsSecret = true
    this.#queue = queue
    this.#liveness.attach()
    socket.peer = this
    for (const lost of this.transports.lost) queue.push(lost)
    return queue
  }

  /** The socket is gone. The peer stays as it is, so that a client that resumes soon finds everything. */
  detach(queue: FrameQueue): void {
    if (this.#queue !== queue) return
    queue.socket.close(1000, 'over')
    this.#queue = null
    this.#liveness.detach()
  }

  push(frame: RoomFrame): void {
    this.#queue?.push(frame)
  }

  reconcile(publications?: Publication[]): Promise<void> {
    return this.subscriptions.reconcile(publications)
  }

  /** A call came on its socket. */
  noteCall(): void {
    if (!this.#awaitsSecret) return
    this.#awaitsSecret = false
    this.emit('secretArrived')
  }

  /** Whether it may cause another broadcast. The limit belongs to the peer, so another socket brings no more of it. */
  takeBroadcastToken(count = 1): boolean {
    return this.#broadcasts.take(count)
  }

  restartIce({ transportId, reconnect }: RestartIce): Promise<types.IceParameters> {
    this.noteReconnect(reconnect)
    return this.transports.restartIce(transportId)
  }

  async replaceTransport({ direction, reconnect }: Replace): Promise<TransportView> {
    this.noteReconnect(reconnect)
    const transport = await this.transports.replace(direction)
    if (this.ended) fail('call.ended')
    // The browser connects it when there is something to receive. These frames follow the answer.
    if (direction === 'recv') setImmediate(() => void this.subscriptions.moveToNewTransport())
    return transportView(transport)
  }

  /** Every reconnect is counted. The log is limited, because a hostile client may report as many as it likes. */
  noteReconnect(reconnect: Reconnect | undefined): void {
    if (!reconnect) return
    this.#deps.metrics.reconnects.inc(reconnect)
    if (!this.#reconnectLog.take()) return
    this.#deps.log.info({ meeting: this.room.meetingId, seat: this.seatId, ...reconnect }, 'a browser reconnects')
  }

  async setCapabilities(capabilities: Capability[]): Promise<void> {
    if (capabilities.join() === this.capabilities.join()) return
    this.capabilities = capabilities
    this.push({ type: 'capabilities', capabilities })
    await this.publications.applyCapabilities()
  }

  /** Once a second: enforces the bitrate limits, measures the quality, and looks whether the client is still there. */
  check(): void {
    this.lastCheck = this.#check()
  }

  /** A newer peer has the seat. What this one sends flows until the newer one sends the same source, or for ten seconds. */
  startHandover(): void {
    this.#end('taken_over')
    this.transports.close('recv')
    this.#endHandover ??= this.#deps.clock.after(limits.call.overlapSeconds * 1000, () => this.close())
  }

  end(reason: EndReason): void {
    this.#end(reason)
    this.close()
  }

  close(): void {
    this.#endHandover?.()
    this.transports.close()
    this.emit('closed')
  }

  #end(reason: EndReason): void {
    if (this.ended) return
    this.ended = reason
    this.#deps.metrics.endings.inc({ reason })
    const queue = this.#queue
    this.#queue = null
    queue?.end({ type: 'ended', reason })
    queue?.socket.close(1000, reason)
    this.emit('ended', reason)
  }

  #cutSocket(): void {
    const queue = this.#queue
    if (!queue) return
    queue.end()
    queue.socket.cut('resumed')
    queue.socket.peer = null
  }

  #joinedFrame(secret: string, resumed: boolean): RoomFrame {
    return {
      type: 'joined',
      meetingId: this.room.meetingId,
      seatId: this.seatId,
      secret,
      resumed,
      capabilities: this.capabilities,
      send: this.transports.view('send'),
      recv: this.transports.view('recv'),
      publications: this.publications.views(),
      peers: this.room.othersThan(this).map((other) => other.view()),
      subscriptions: this.subscriptions.views(),
      speakers: this.room.speakers,
    }
  }

  async #check(): Promise<void> {
    if (this.#isMeasuring) return
    this.#isMeasuring = true
    try {
      await this.#measure()
    } catch (error) {
      this.#deps.log.debug({ err: error, seat: this.seatId }, 'a peer could not be measured')
    } finally {
      this.#isMeasuring = false
    }
    if (!this.ended) this.#checkLiveness()
  }

  async #measure(): Promise<void> {
    const { publications, subscriptions } = this
    const stats = await this.transports.measure()
    await publications.enforceBitrate(stats.streams, stats.seconds)
    // A replaced peer still sends for a while, and its limits still hold; nothing else of it matters.
    if (this.ended) return
    if (stats.received > 0) this.#liveness.noteMedia()
    recordMedia(this.#deps.metrics, stats, publications.all, subscriptions.all)
    const delayMs = await measureDelayMs(this.#deps, subscriptions.all)
    const { send, recv } = stats
    const measured = { send, recv, publications: publications.all, subscriptions: subscriptions.all, delayMs }
    const quality = this.#qualityMeter.update(measured)
    if (quality === this.quality || this.ended) return
    this.quality = quality
    this.emit('qualityChanged', quality)
  }

  #checkLiveness(): void {
    if (this.#queue) this.#liveness.noteMessage(this.#queue.socket.lastMessageAt)
    const { isAway } = this.#liveness
    if (isAway !== this.away) {
      this.away = isAway
      this.emit('changed')
    }
    if (this.#liveness.isGivenUp) this.end('silent')
  }
}
