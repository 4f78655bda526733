import type { SeatId, UserId } from '@veche/shared/ids'
import { limits } from '@veche/shared/limits'
import type { Capability } from '@veche/shared/permissions'
import type { TicketClaims } from '@veche/shared/ticket'
import { Bucket } from '../signalling/RateLimit.ts'
import { Consuming } from './Subscriptions.ts'
import type { Stop } from '../clock.ts'
import type { Deps } from '../deps.ts'
import { fail } from '../errors.ts'
import type { EndReason, PeerView, Quality, RoomFrame, TransportView } from '../signalling/frames.ts'
import type { Direction, NewJoin } from '../signalling/inputs.ts'
import type { Line } from '../signalling/SignallingSocket.ts'
import { Producing } from './Publications.ts'
import { delayOf, good, note, Scales } from './QualityMeter.ts'
import type { Room } from './Room.ts'
import { Stream } from '../signalling/FrameQueue.ts'
import { type Transports, transportView } from '../media/Transports.ts'

const seconds = 1000
/** Acts that the whole room is told of, a second, and at once: each costs the node a hundred times what it costs its author. */
const stirs = { rate: 5, most: 40 }

/** Somebody in a room: one leg of a seat. It outlives its socket for a while, and its seat outlives it. */
export class Peer {
  readonly room: Room
  readonly seatId: SeatId
  readonly userId: UserId
  readonly name: string
  readonly epoch: number
  readonly transports: Transports
  readonly producing: Producing
  readonly consuming: Consuming
  caps: Capability[]
  quality: Quality = good
  away = false
  ended: EndReason | null = null
  /** The check that was begun last. */
  checked: Promise<void> = Promise.resolve()
  /** Told after the peer has let go of everything. */
  onEnd: (reason: EndReason) => void = () => undefined
  readonly #deps: Deps
  readonly #scales = new Scales()
  readonly #stirs: Bucket
  #stream: Stream | null = null
  #secretArrived: () => void = () => undefined
  #detachedAt: number
  #heardAt: number
  #mediaAt = -Infinity
  #measuring = false
  #overlap: Stop | undefined

  constructor(deps: Deps, room: Room, transports: Transports, claims: TicketClaims, input: NewJoin) {
    this.#deps = deps
    this.#stirs = new Bucket(deps.clock, stirs.rate, stirs.most)
    this.room = room
    this.transports = transports
    this.seatId = claims.seat
    this.userId = claims.user
    this.name = claims.name
    this.epoch = claims.seatEpoch
    this.caps = claims.caps
    this.producing = new Producing(deps, this)
    this.consuming = new Consuming(deps, this, input.rtpCapabilities, input.view)
    this.#detachedAt = this.#heardAt = deps.clock.now()
    transports.onLost = (lost) => this.push(lost)
    transports.onReplaced = (id) => this.producing.leave(id)
  }

  get attached(): boolean {
    return this.#stream !== null
  }

  view(): PeerView {
    const { seatId, userId, name, away, quality } = this
    return { seatId, userId, name, away, quality, publications: this.room.publicationsOf(seatId) }
  }

  /** From here on this socket is the peer's. The first frame holds everything, so nothing that was lost before is missed. */
  attach(line: Line, secret: string, resumed: boolean, arrived: () => void): Stream {
    const before = this.#stream
    before?.end()
    before?.line.cut('resumed')
    if (before) before.line.peer = null
    const stream = new Stream(line, {
      type: 'joined',
      meetingId: this.room.meetingId,
      seatId: this.seatId,
      secret,
      resumed,
      caps: this.caps,
      send: this.transports.view('send'),
      recv: this.transports.view('recv'),
      publications: this.producing.views(),
      peers: this.room.othersThan(this).map((other) => other.view()),
      subscriptions: this.consuming.views(),
      speakers: this.room.speakers,
    })
    this.#secretArrived = arrived
    this.#stream = stream
    this.#heardAt = this.#deps.clock.now()
    line.peer = this
    for (const lost of this.transports.lost) stream.push(lost)
    return stream
  }

  /** Its socket is gone. It is not: whoever comes back soon finds everything as it was. */
  detach(stream: Stream): void {
    if (this.#stream !== stream) return
    stream.line.close(1000, 'over')
    this.#stream = null
    this.#detachedAt = this.#deps.clock.now()
  }

  push(frame: RoomFrame): void {
    this.#stream?.push(frame)
  }

  /** A call came on its socket: so the secret that the socket was given has arrived. */
  heard(): void {
    this.#secretArrived()
    this.#secretArrived = () => undefined
  }

  /** Whether it may stir up the others once more; it is the peer's, so another socket brings no more of it. */
  stir(times = 1): boolean {
    return this.#stirs.take(times)
  }

  async renew(direction: Direction): Promise<TransportView> {
    const transport = await this.transports.renew(direction)
    if (this.ended) fail('call.ended')
    // The browser connects it when there is something to receive; these frames follow the answer.
    if (direction === 'recv') setImmediate(() => void this.consuming.renew())
    return transportView(transport)
  }

  async order(caps: Capability[]): Promise<void> {
    if (caps.join() === this.caps.join()) return
    this.caps = caps
    this.push({ type: 'caps', caps })
    await this.producing.obey()
  }

  /** Once a second: is somebody there, what comes in, how does it arrive. */
  check(): void {
    this.checked = this.#check()
  }

  async #check(): Promise<void> {
    if (this.#measuring) return
    this.#measuring = true
    try {
      await this.#measure()
    } catch (error) {
      this.#deps.log.debug({ err: error, seat: this.seatId }, 'a peer could not be measured')
    } finally {
      this.#measuring = false
    }
    if (!this.ended) this.#judge()
  }

  /** Another leg of this seat has come. What this one sends flows on until the new one sends the same, or for ten seconds. */
  giveWay(): void {
    this.#finish('taken_over')
    this.transports.close('recv')
    this.#overlap ??= this.#deps.clock.after(limits.call.overlapSeconds * seconds, () => this.close())
  }

  end(reason: EndReason): void {
    this.#finish(reason)
    this.close()
  }

  close(): void {
    this.#overlap?.()
    this.transports.close()
    this.room.left(this)
  }

  #finish(reason: EndReason): void {
    if (this.ended) return
    this.ended = reason
    this.#deps.metrics.endings.inc({ reason })
    const stream = this.#stream
    this.#stream = null
    stream?.end({ type: 'ended', reason })
    stream?.line.close(1000, reason)
    this.onEnd(reason)
  }

  async #measure(): Promise<void> {
    const stats = await this.transports.stats()
    await this.producing.guard(stats.streams, stats.seconds)
    // Whoever gives way to a newer leg sends on for a while, and that is all that is left of them.
    if (this.ended) return
    if (stats.received > 0) this.#mediaAt = this.#deps.clock.now()
    const { producing, consuming } = this
    note(this.#deps.metrics, stats, producing.all, consuming.feeds)
    const delay = await delayOf(this.#deps, consuming.feeds)
    const quality = this.#scales.weigh({ ...stats, producing: producing.all, feeds: consuming.feeds, delay })
    if (quality === this.quality || this.ended) return
    this.quality = quality
    this.room.broadcast({ type: 'quality', seatId: this.seatId, quality })
  }

  #judge(): void {
    const now = this.#deps.clock.now()
    this.#heardAt = Math.max(this.#heardAt, this.#stream?.line.heardAt ?? 0)
    const silence = now - Math.max(this.#heardAt, this.#mediaAt)
    const away = silence > limits.meeting.awaySeconds * seconds
    if (away !== this.away) {
      this.away = away
      this.room.tell(this)
    }
    if (this.#stream) return
    const detached = now - this.#detachedAt
    const forgotten = detached > limits.call.resumeSeconds * seconds && silence > limits.call.resumeSeconds * seconds
    if (forgotten || detached > limits.meeting.seatMinutes * 60 * seconds) this.end('silent')
  }
}
