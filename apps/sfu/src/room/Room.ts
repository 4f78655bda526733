import { EventEmitter } from 'node:events'
import type { MeetingId, SeatId } from '@veche/shared/ids'
import type { MeetingUpdate, SeatReport, SeatUpdate } from '@veche/shared/nodes'
import type { TicketClaims } from '@veche/shared/ticket'
import type { Stop } from '../clock.ts'
import type { Deps } from '../deps.ts'
import { fail } from '../errors.ts'
import type { MediaWorker } from '../media/MediaWorker.ts'
import { RoomRouter } from '../media/RoomRouter.ts'
import { Transports } from '../media/Transports.ts'
import { StalledTcpConnections } from '../media/StalledTcpConnections.ts'
import type { EndReason, PublicationView, RoomFrame } from '../signalling/frames.ts'
import type { TicketJoin } from '../signalling/inputs.ts'
import { Peer } from './Peer.ts'
import { peerView } from '../signalling/peer-views.ts'
import type { Publication } from './Publication.ts'
import type { Receiver } from './Receiver.ts'
import { SeatUpdates } from './SeatUpdates.ts'

/** A meeting as this node holds it. */
export class Room extends EventEmitter<{ closed: [reason: EndReason] }> {
  readonly meetingId: MeetingId
  readonly epoch: number
  readonly worker: MediaWorker
  /** When it was opened, by the node's clock. */
  readonly openedAt: number
  /** Resolves when the room can be joined. */
  readonly opened: Promise<void>
  /** The revision of the seats up to which all updates are applied. */
  rev = 0
  closed = false
  readonly #deps: Deps
  /** One for now, which all peers use. */
  readonly #routers: RoomRouter[] = []
  /** The current peer of each seat. */
  readonly #peers = new Map<SeatId, Peer>()
  /** Peers whose seat has a newer peer. They only send, and not for long. */
  readonly #replacedPeers = new Set<Peer>()
  readonly #seatUpdates = new SeatUpdates()
  /** For each seat that has joined: its TCP connections that were not read. */
  readonly #stalledTcp = new Map<SeatId, StalledTcpConnections>()
  #joining = 0
  readonly #stopChecks: Stop

  constructor(deps: Deps, meetingId: MeetingId, epoch: number, worker: MediaWorker) {
    super()
    this.#deps = deps
    this.meetingId = meetingId
    this.epoch = epoch
    this.worker = worker
    this.openedAt = deps.clock.now()
    this.opened = this.#open()
    this.#stopChecks = deps.clock.every(1000, () => this.#check())
    worker.addRoom(this)
  }

  /** Seats with a peer. */
  get size(): number {
    return this.#peers.size
  }

  get speakers(): SeatId[] {
    return this.#routers[0]?.speakers.now ?? []
  }

  /** All peers, current and replaced. */
  get peers(): Peer[] {
    return [...this.#peers.values(), ...this.#replacedPeers]
  }

  /** Only the current peers receive. */
  get #receivers(): Receiver[] {
    return [...this.#peers.values()]
  }

  /** Makes a new peer for a seat. `isCurrent` says, when everything is made, whether the ticket is still the newest. */
  async admit(claims: TicketClaims, input: TicketJoin, isCurrent: () => boolean): Promise<Peer> {
    this.#joining += 1
    try {
      await this.opened
      const router = this.#routers[0] ?? fail('call.media_lost')
      const transports = await Transports.open(this.#deps, router, this.#stalledTcpOf(claims.seat))
      const peer = new Peer(this.#deps, this, transports, this.#seatUpdates.applyTo(claims), input)
      if (this.closed || !isCurrent()) {
        transports.close()
        fail(this.closed ? 'call.media_lost' : 'call.ended')
      }
      this.#add(peer)
      // The frame goes nowhere, as there is no socket yet: `joined` carries these subscriptions.
      await peer.reconcile()
      if (peer.ended) fail('call.ended')
      return peer
    } finally {
      this.#joining -= 1
      this.#closeIfEmpty()
    }
  }

  /** The current peer of a seat. */
  peer(seat: SeatId): Peer | undefined {
    return this.#peers.get(seat)
  }

  othersThan(peer: Peer): Peer[] {
    return [...this.#peers.values()].filter((other) => other !== peer)
  }

  /** What a seat sends, also what its replaced peers still send. */
  publicationsOf(seat: SeatId): PublicationView[] {
    return this.peers.filter(({ seatId }) => seatId === seat).flatMap(({ publications }) => publications.views())
  }

  /** What all other seats send. */
  publicationsFor(peer: Peer): Publication[] {
    return this.peers.filter(({ seatId }) => seatId !== peer.seatId).flatMap(({ publications }) => publications.all)
  }

  /** Applies what Postgres has. Only answers to heartbeats are complete, so only they move the revision. */
  apply(update: MeetingUpdate, isComplete: boolean): void {
    for (const seat of this.#seatUpdates.accept(update)) this.#applySeat(seat)
    if (isComplete) this.rev = Math.max(this.rev, update.rev)
  }

  /** The seats with a peer. A replaced peer does not count, because its client may be gone. */
  seats(): SeatReport[] {
    const current = [...this.#peers.values()].filter(({ ended }) => !ended)
    return current.map(({ seatId, epoch, away }) => ({ seat: seatId, epoch, state: away ? 'away' : 'in' }))
  }

  close(reason: EndReason): void {
    if (this.closed) return
    this.closed = true
    this.#stopChecks()
    for (const peer of this.peers) peer.end(reason)
    for (const router of this.#routers) router.close()
    this.emit('closed', reason)
  }

  async #open(): Promise<void> {
    try {
      const router = await RoomRouter.open(this.#deps, this.worker)
      if (this.closed) return router.close()
      router.speakers.on('changed', (seatIds) => this.#broadcast({ type: 'speakers', seatIds }))
      this.#routers.push(router)
    } catch (error) {
      this.close('lost')
      throw error
    }
  }

  #stalledTcpOf(seat: SeatId): StalledTcpConnections {
    const stalled = this.#stalledTcp.get(seat) ?? new StalledTcpConnections(this.worker.tcpQueues)
    this.#stalledTcp.set(seat, stalled)
    return stalled
  }

  #add(peer: Peer): void {
    const { seatId } = peer
    peer.on('published', (publication) => this.#published(peer, publication))
    peer.on('changed', () => this.#tellOthers(peer))
    peer.on('qualityChanged', (quality) => this.#broadcast({ type: 'quality', seatId, quality }))
    peer.on('closed', () => this.#remove(peer))
    const replaced = this.#peers.get(seatId)
    this.#peers.set(seatId, peer)
    if (replaced) {
      this.#replacedPeers.add(replaced)
      replaced.startHandover()
    }
    this.#tellOthers(peer)
  }

  #published(peer: Peer, publication: Publication): void {
    const { seatId } = peer
    if (publication.source === 'mic') this.#routers[0]?.speakers.add(publication.producer, seatId)
    this.#tellOthers(peer)
    for (const old of this.#replacedPeers) if (old.seatId === seatId) old.publications.closeSource(publication.source)
    for (const receiver of this.#receivers)
      if (receiver !== this.#peers.get(seatId)) void receiver.reconcile([publication])
  }

  /** A peer has closed: forgets it and tells the others. */
  #remove(peer: Peer): void {
    if (this.#replacedPeers.delete(peer)) return this.#tellOthers(peer)
    if (this.#peers.get(peer.seatId) !== peer) return
    this.#peers.delete(peer.seatId)
    for (const old of this.#replacedPeers) if (old.seatId === peer.seatId) old.close()
    this.#broadcast({ type: 'peerGone', seatId: peer.seatId })
    this.#closeIfEmpty()
  }

  /** Tells all others how a seat looks now. */
  #tellOthers({ seatId }: Peer): void {
    const current = this.#peers.get(seatId)
    if (current && !this.closed) this.#broadcast({ type: 'peer', peer: peerView(current) }, current)
  }

  #broadcast(frame: RoomFrame, except?: Receiver): void {
    for (const receiver of this.#receivers) if (receiver !== except) receiver.push(frame)
  }

  #applySeat({ seat, epoch, state, capabilities }: SeatUpdate): void {
    const peer = this.#peers.get(seat)
    if (!peer || epoch < peer.epoch) return
    if (state === 'removed' || state === 'left') return peer.end(state)
    // The seat has a newer ticket, but its client has not joined here yet.
    if (epoch > peer.epoch) return peer.ended ? undefined : peer.startHandover()
    peer
      .setCapabilities(capabilities)
      .catch((error: unknown) => this.#deps.log.warn({ err: error, seat }, 'capabilities could not be applied'))
  }

  #check(): void {
    for (const peer of this.peers) peer.check()
  }

  #closeIfEmpty(): void {
    if (!this.closed && this.#joining === 0 && this.peers.length === 0) this.close('left')
  }
}
