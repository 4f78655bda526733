import type { MeetingId, SeatId } from '@veche/shared/ids'
import type { MeetingUpdate, SeatUpdate, SeatReport } from '@veche/shared/nodes'
import type { TicketClaims } from '@veche/shared/ticket'
import type { Offer } from './Subscriptions.ts'
import type { Stop } from '../clock.ts'
import type { Deps } from '../deps.ts'
import { fail } from '../errors.ts'
import type { EndReason, PublicationView, RoomFrame } from '../signalling/frames.ts'
import type { NewJoin } from '../signalling/inputs.ts'
import type { MediaWorker } from '../media/MediaWorker.ts'
import type { Own } from './Publication.ts'
import { Peer } from './Peer.ts'
import { RoomRouter } from '../media/RoomRouter.ts'
import { Transports } from '../media/Transports.ts'

/** A meeting as far as this node holds it. */
export class Room {
  readonly meetingId: MeetingId
  readonly epoch: number
  readonly worker: MediaWorker
  /** Resolves when the room can be entered. */
  readonly opened: Promise<void>
  /** Of the seats: what has been applied, by the heartbeat. */
  rev = 0
  closed = false
  onClose: () => void = () => undefined
  readonly #deps: Deps
  /** One for now; the first is where everybody sits. */
  readonly #routers: RoomRouter[] = []
  readonly #peers = new Map<SeatId, Peer>()
  /** Legs whose seat has a newer one: they only send, and not for long. */
  readonly #fading = new Set<Peer>()
  /** What each seat was last ordered, and at which revision: an older order comes too late. */
  readonly #ordered = new Map<SeatId, { rev: number; order: SeatUpdate }>()
  #entering = 0
  readonly #stopChecks: Stop

  constructor(deps: Deps, meetingId: MeetingId, epoch: number, worker: MediaWorker) {
    this.#deps = deps
    this.meetingId = meetingId
    this.epoch = epoch
    this.worker = worker
    this.opened = this.#open()
    this.#stopChecks = deps.clock.every(1000, () => this.#check())
    worker.rooms.add(this)
  }

  get size(): number {
    return this.#peers.size
  }

  get speakers(): SeatId[] {
    return this.#routers[0]?.speakers.now ?? []
  }

  /** A new leg of a seat. `current` says, when everything is made, whether the ticket still holds. */
  async admit(claims: TicketClaims, input: NewJoin, current: () => boolean): Promise<Peer> {
    this.#entering += 1
    try {
      await this.opened
      const transports = await Transports.open(this.#deps, this.#routers[0] ?? fail('call.media_lost'))
      const peer = new Peer(this.#deps, this, transports, this.#asOrdered(claims), input)
      if (this.closed || !current()) {
        transports.close()
        fail(this.closed ? 'call.media_lost' : 'call.ended')
      }
      this.#sit(peer)
      await peer.consuming.take(this.offersFor(peer))
      if (peer.ended) fail('call.ended')
      return peer
    } finally {
      this.#entering -= 1
      this.#closeIfEmpty()
    }
  }

  peer(seat: SeatId): Peer | undefined {
    return this.#peers.get(seat)
  }

  othersThan(peer: Peer): Peer[] {
    return [...this.#peers.values()].filter((other) => other !== peer)
  }

  publicationsOf(seat: SeatId): PublicationView[] {
    return this.legs.filter(({ seatId }) => seatId === seat).flatMap(({ producing }) => producing.views())
  }

  /** All streams in the room that are somebody else's. */
  offersFor(peer: Peer): Offer[] {
    const legs = this.legs.filter(({ seatId }) => seatId !== peer.seatId)
    return legs.flatMap(({ seatId, producing }) => producing.all.map((own) => ({ own, seatId })))
  }

  produced(peer: Peer, own: Own): void {
    const { seatId } = peer
    if (own.source === 'mic') this.#routers[0]?.speakers.add(own.producer, seatId)
    this.tell(peer)
    for (const old of this.#fading) if (old.seatId === seatId) old.producing.giveWay(own.source)
    for (const other of this.#peers.values()) if (other.seatId !== seatId) void other.consuming.take([{ own, seatId }])
  }

  /** How a seat looks now, to everybody else. */
  tell(peer: Peer): void {
    const seated = this.#peers.get(peer.seatId)
    if (seated && !this.closed) this.broadcast({ type: 'peer', peer: seated.view() }, seated)
  }

  broadcast(frame: RoomFrame, except?: Peer): void {
    for (const peer of this.#peers.values()) if (peer !== except) peer.push(frame)
  }

  /** A leg has let go of everything. */
  left(peer: Peer): void {
    if (this.#fading.delete(peer)) return this.tell(peer)
    if (this.#peers.get(peer.seatId) !== peer) return
    this.#peers.delete(peer.seatId)
    for (const old of this.#fading) if (old.seatId === peer.seatId) old.close()
    this.broadcast({ type: 'peerGone', seatId: peer.seatId })
    this.#closeIfEmpty()
  }

  /** What the API wants of the seats. Only the heartbeat's answers are without gaps, so only they move the revision. */
  apply(order: MeetingUpdate, whole: boolean): void {
    for (const seat of order.seats) {
      if (order.rev < (this.#ordered.get(seat.seat)?.rev ?? 0)) continue
      this.#ordered.set(seat.seat, { rev: order.rev, order: seat })
      this.#applySeat(seat)
    }
    if (whole) this.rev = Math.max(this.rev, order.rev)
  }

  /** Who is here. A leg that only fades is nobody's sign of life. */
  seats(): SeatReport[] {
    const here = [...this.#peers.values()].filter(({ ended }) => !ended)
    return here.map(({ seatId, epoch, away }) => ({ seat: seatId, epoch, state: away ? 'away' : 'in' }))
  }

  close(reason: EndReason): void {
    if (this.closed) return
    this.closed = true
    this.#stopChecks()
    for (const peer of [...this.legs]) peer.end(reason)
    for (const router of this.#routers) router.close()
    this.worker.rooms.delete(this)
    this.onClose()
  }

  get legs(): Peer[] {
    return [...this.#peers.values(), ...this.#fading]
  }

  async #open(): Promise<void> {
    try {
      const router = await RoomRouter.open(this.#deps, this.worker)
      if (this.closed) return router.close()
      router.speakers.onChange = (seatIds) => this.broadcast({ type: 'speakers', seatIds })
      this.#routers.push(router)
    } catch (error) {
      this.close('lost')
      throw error
    }
  }

  #sit(peer: Peer): void {
    const before = this.#peers.get(peer.seatId)
    this.#peers.set(peer.seatId, peer)
    if (before) {
      this.#fading.add(before)
      before.giveWay()
    }
    this.tell(peer)
  }

  /** A right that was taken after the ticket was given is not brought back by it. */
  #asOrdered(claims: TicketClaims): TicketClaims {
    const order = this.#ordered.get(claims.seat)?.order
    return order?.epoch === claims.seatEpoch ? { ...claims, caps: order.caps } : claims
  }

  #applySeat({ seat, epoch, state, caps }: SeatUpdate): void {
    const peer = this.#peers.get(seat)
    if (!peer || epoch < peer.epoch) return
    if (state === 'removed' || state === 'left') return peer.end(state)
    // Somebody has a newer ticket for this seat, and is not here yet.
    if (epoch > peer.epoch) return this.#stepAside(peer)
    peer
      .order(caps)
      .catch((error: unknown) => this.#deps.log.warn({ err: error, seat }, 'an order was not carried out'))
  }

  #stepAside(peer: Peer): void {
    if (!peer.ended) peer.giveWay()
  }

  #check(): void {
    for (const leg of this.legs) leg.check()
  }

  #closeIfEmpty(): void {
    if (!this.closed && this.#entering === 0 && this.legs.length === 0) this.close('left')
  }
}
