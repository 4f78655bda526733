import { EventEmitter } from 'node:events'
import type { SeatId, UserId } from '@veche/shared/ids'
import { callLimits } from '@veche/shared/meeting-limits'
import type { Capability } from '@veche/shared/permissions'
import type { TicketClaims } from '@veche/shared/ticket'
import type { types } from 'mediasoup'
import type { Stop } from '../clock.ts'
import type { Deps } from '../deps.ts'
import { fail } from '../errors.ts'
import { type Transports, transportView } from '../media/Transports.ts'
import type { EndReason, Quality, RoomFrame, TransportView } from '../signalling/frames.ts'
import type { FrameQueue } from '../signalling/FrameQueue.ts'
import type { Reconnect, Replace, RestartIce, TicketJoin } from '../signalling/inputs.ts'
import { RateLimit } from '../signalling/RateLimit.ts'
import type { SignallingSocket } from '../signalling/SignallingSocket.ts'
import { Liveness } from './Liveness.ts'
import { PeerMeter } from './PeerMeter.ts'
import { PeerSocket } from './PeerSocket.ts'
import type { Publication } from './Publication.ts'
import { Publications } from './Publications.ts'
import { joinedFrame } from '../signalling/peer-views.ts'
import { goodQuality } from './QualityMeter.ts'
import type { Receiver } from './Receiver.ts'
import { ReconnectLog } from '../signalling/ReconnectLog.ts'
import type { Room } from './Room.ts'
import { Subscriptions } from './Subscriptions.ts'

/** A call that is broadcast to the whole room costs the node a hundred times what it costs the client. */
const broadcastLimit = { perSecond: 5, burst: 40 }

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
  readonly #socket = new PeerSocket()
  readonly #meter: PeerMeter
  readonly #liveness: Liveness
  readonly #broadcasts: RateLimit
  readonly #reconnectLog: ReconnectLog
  #endHandover: Stop | undefined

  constructor(deps: Deps, room: Room, transports: Transports, claims: TicketClaims, input: TicketJoin) {
    super()
    this.#deps = deps
    this.#meter = new PeerMeter(deps, this)
    this.#liveness = new Liveness(deps.clock)
    this.#broadcasts = new RateLimit(deps.clock, broadcastLimit)
    this.room = room
    this.transports = transports
    this.seatId = claims.seat
    this.userId = claims.user
    this.name = claims.name
    this.epoch = claims.seatEpoch
    this.#reconnectLog = new ReconnectLog(deps, { meeting: room.meetingId, seat: claims.seat })
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
    return this.#socket.isAttached
  }

  get receiveTransport(): types.Transport {
    return this.transports.newest('recv')
  }

  get offered(): Publication[] {
    return this.room.publicationsFor(this)
  }

  /** Gives the peer this socket. The first frame holds the whole state, so nothing that a former socket lost is missed. */
  attach(socket: SignallingSocket, secret: string, resumed: boolean): FrameQueue {
    const queue = this.#socket.attach(socket, joinedFrame(this, secret, resumed))
    this.#liveness.attach()
    socket.peer = this
    for (const lost of this.transports.lost) queue.push(lost)
    return queue
  }

  /** The socket is gone. The peer stays as it is, so that a client that resumes soon finds everything. */
  detach(queue: FrameQueue): void {
    if (this.#socket.detach(queue)) this.#liveness.detach()
  }

  push(frame: RoomFrame): void {
    this.#socket.push(frame)
  }

  reconcile(publications?: Publication[]): Promise<void> {
    return this.subscriptions.reconcile(publications)
  }

  /** A call came on its socket. */
  noteCall(): void {
    if (this.#socket.takeFirstCall()) this.emit('secretArrived')
  }

  /** Whether it may cause another broadcast. The limit belongs to the peer, so another socket does not raise it. */
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

  noteReconnect(reconnect: Reconnect | undefined): void {
    if (reconnect) this.#reconnectLog.note(reconnect)
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
    this.#endHandover ??= this.#deps.clock.after(callLimits.overlapSeconds * 1000, () => this.close())
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
    this.#socket.end(reason)
    this.emit('ended', reason)
  }

  async #check(): Promise<void> {
    if (this.#meter.isMeasuring) return
    const measured = await this.#meter.measure()
    if (this.ended) return
    if (measured?.hasMedia) this.#liveness.noteMedia()
    if (measured && measured.quality !== this.quality) {
      this.quality = measured.quality
      this.emit('qualityChanged', measured.quality)
    }
    this.#checkLiveness()
  }

  #checkLiveness(): void {
    const { lastMessageAt } = this.#socket
    if (lastMessageAt !== null) this.#liveness.noteMessage(lastMessageAt)
    const { isAway } = this.#liveness
    if (isAway !== this.away) {
      this.away = isAway
      this.emit('changed')
    }
    if (this.#liveness.isGivenUp) this.end('silent')
  }
}
