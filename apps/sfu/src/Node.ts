import type { BootId, MeetingId, NodeId } from '@veche/shared/ids'
import type { Heartbeat, HeartbeatAnswer, MeetingUpdate } from '@veche/shared/nodes'
import { isTooOld } from '@veche/shared/protocol'
import type { TicketClaims } from '@veche/shared/ticket'
import type { Logger } from 'pino'
import { EpochGuard } from './admission/EpochGuard.ts'
import { ResumeSecrets } from './admission/ResumeSecrets.ts'
import { Tickets } from './admission/Tickets.ts'
import type { Deps } from './deps.ts'
import { CallError, fail, must } from './errors.ts'
import { chooseMediaWorker, startMediaWorkers, whenAnyIsAlive } from './media/media-workers.ts'
import type { MediaWorker } from './media/MediaWorker.ts'
import { type Probe, Probes } from './media/Probes.ts'
import type { Metrics } from './metrics.ts'
import type { Peer } from './room/Peer.ts'
import { Room } from './room/Room.ts'
import type { EndReason, RoomFrame } from './signalling/frames.ts'
import type { FrameQueue } from './signalling/FrameQueue.ts'
import type { Join, TicketJoin } from './signalling/inputs.ts'
import type { SignallingSocket } from './signalling/SignallingSocket.ts'

type Joined = { peer: Peer; queue: FrameQueue }

/** One boot of a media node: its workers and their rooms. It keeps nothing that must outlive the process. */
export class Node {
  readonly id: NodeId
  readonly boot: BootId = crypto.randomUUID() as BootId
  readonly log: Logger
  readonly metrics: Metrics
  readonly tickets: Tickets
  readonly workers: MediaWorker[]
  stopping = false
  /** When the API answered last, by the node's clock. */
  answeredAt: number | null = null
  readonly #deps: Deps
  readonly #rooms = new Map<MeetingId, Room>()
  readonly #epochGuard: EpochGuard
  readonly #probes: Probes
  readonly #secrets = new ResumeSecrets()

  static async start(deps: Deps): Promise<Node> {
    return new Node(deps, await startMediaWorkers(deps))
  }

  private constructor(deps: Deps, workers: MediaWorker[]) {
    this.#deps = deps
    this.id = deps.env.SFU_NODE
    this.log = deps.log
    this.metrics = deps.metrics
    this.workers = workers
    this.#epochGuard = new EpochGuard(deps.clock)
    this.#probes = new Probes(deps)
    this.tickets = new Tickets(deps.clock, this)
  }

  /** Whether a client with a ticket can join. An API that fell silent later ends no call and does not count. */
  get ready(): boolean {
    return !this.stopping && this.tickets.ready && this.workers.some(({ isAlive }) => isAlive)
  }

  /** Whether a ticket for this meeting would be let in: its room is open here, or a worker can take it. */
  accepts(meeting: MeetingId): boolean {
    return (
      !this.stopping && (this.#rooms.has(meeting) || this.workers.some(({ isAlive, isFull }) => isAlive && !isFull))
    )
  }

  get rooms(): Room[] {
    return [...this.#rooms.values()]
  }

  /** Joins or resumes, and then yields the frames for this socket. A socket holds one seat, once. */
  async *enter(
    socket: SignallingSocket,
    input: Join,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<RoomFrame, void> {
    must(!isTooOld(input.protocol), 'version.too_old')
    must(!socket.peer && !socket.isJoining, 'call.limit')
    const stopTimer = this.metrics.joins.startTimer({ kind: 'ticket' in input ? 'ticket' : 'resume' })
    socket.isJoining = true
    let joined: Joined
    try {
      joined = 'ticket' in input ? await this.#join(socket, input) : this.#resume(socket, input.resume)
      stopTimer({ outcome: 'ok' })
    } catch (error) {
      stopTimer({ outcome: error instanceof CallError ? error.code : 'server.error' })
      throw error
    } finally {
      socket.finishJoin()
    }
    const { peer, queue } = joined
    peer.noteReconnect(input.reconnect)
    try {
      yield* queue.read(signal)
    } finally {
      peer.detach(queue)
    }
  }

  /**
   * Applies an update that the API sends at once, and returns the revision of the room. A lost update comes again with the answer to a
   * heartbeat.
   */
  applyUpdate(update: MeetingUpdate): number {
    this.#apply(update, false)
    return this.#rooms.get(update.meeting)?.rev ?? 0
  }

  async applyHeartbeatAnswer(answer: Omit<HeartbeatAnswer, 'protocol'>): Promise<void> {
    this.answeredAt = this.#deps.clock.now()
    await this.tickets.applyHeartbeatAnswer(answer)
    for (const update of answer.meetings) this.#apply(update, true)
  }

  report(): Pick<Heartbeat, 'workers' | 'meetings'> {
    const workers = this.workers.map(({ load, rooms, seatCount, isFull, isAlive }) => ({
      load: Math.min(64, load),
      rooms: rooms.size,
      peers: seatCount,
      full: isFull || !isAlive,
    }))
    const meetings = this.rooms.map((room) => ({
      meeting: room.meetingId,
      epoch: room.epoch,
      rev: room.rev,
      seats: room.seats(),
    }))
    return { workers, meetings }
  }

  openProbe(): Promise<Probe> {
    const worker = this.workers.find(({ isAlive }) => isAlive) ?? fail('call.media_lost')
    return this.#probes.open(worker)
  }

  /** Ends all rooms and tells their clients to go to another node. */
  stop(): void {
    this.stopping = true
    for (const room of this.rooms) room.close('stopping')
  }

  close(): void {
    this.stop()
    for (const worker of this.workers) worker.close()
  }

  async #join(socket: SignallingSocket, input: TicketJoin): Promise<Joined> {
    must(!this.stopping, 'server.unavailable')
    const claims = await this.tickets.use(input.ticket)
    must(this.#epochGuard.admit(claims), 'call.ticket_invalid')
    const room = await this.#openRoom(claims)
    const peer = await room.admit(claims, input, () => this.#epochGuard.isCurrent(claims))
    // A client that closed its socket before the answer has no secret to resume with.
    if (!socket.isOpen) peer.end('silent')
    if (peer.ended) fail('call.ended')
    peer.once('ended', () => this.#secrets.revoke(peer))
    peer.on('secretArrived', () => this.#secrets.confirm(peer))
    return this.#attach(peer, socket, false)
  }

  #resume(socket: SignallingSocket, secret: string): Joined {
    const peer = this.#secrets.use(secret) ?? fail('call.resume_invalid')
    must(peer.takeBroadcastToken(), 'server.busy')
    return this.#attach(peer, socket, true)
  }

  #attach(peer: Peer, socket: SignallingSocket, resumed: boolean): Joined {
    return { peer, queue: peer.attach(socket, this.#secrets.issue(peer), resumed) }
  }

  async #openRoom(claims: TicketClaims): Promise<Room> {
    const existing = this.#findRoom(claims)
    if (existing) return existing
    await whenAnyIsAlive(this.#deps, this.workers)
    // While it waited, another seat may have opened the room, or the node may have begun to stop.
    must(!this.stopping, 'server.unavailable')
    return this.#findRoom(claims) ?? this.#createRoom(claims, chooseMediaWorker(this.workers))
  }

  #findRoom({ meeting, meetingEpoch }: TicketClaims): Room | undefined {
    const room = this.#rooms.get(meeting)
    if (!room || room.epoch === meetingEpoch) return room
    must(room.epoch < meetingEpoch, 'call.ticket_invalid')
    // The meeting was on another node meanwhile, so the old room is over.
    room.close('moved')
    return undefined
  }

  #createRoom({ meeting, meetingEpoch }: TicketClaims, worker: MediaWorker): Room {
    const room = new Room(this.#deps, meeting, meetingEpoch, worker)
    this.#rooms.set(meeting, room)
    room.once('closed', () => {
      if (this.#rooms.get(meeting) === room) this.#rooms.delete(meeting)
    })
    room.opened.catch((error: unknown) => this.log.warn({ err: error, meeting }, 'a room could not be opened'))
    return room
  }

  #apply(update: MeetingUpdate, isComplete: boolean): void {
    this.#epochGuard.applyUpdate(update)
    const room = this.#rooms.get(update.meeting)
    if (!room) return
    const reason = endReasonOf(update, room.epoch)
    if (reason) room.close(reason)
    else if (update.epoch === room.epoch) room.apply(update, isComplete)
  }
}

/** An ended meeting is over on every node. A moved one is over here, unless the update is older than the room. */
function endReasonOf({ state, epoch }: MeetingUpdate, roomEpoch: number): EndReason | null {
  if (state === 'ended') return 'meeting_ended'
  if (epoch > roomEpoch || (state === 'moved' && epoch >= roomEpoch)) return 'moved'
  return null
}
