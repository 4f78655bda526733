import type { BootId, MeetingId, NodeId } from '@veche/shared/ids'
import { limits } from '@veche/shared/limits'
import type { Heartbeat, HeartbeatAnswer, MeetingUpdate } from '@veche/shared/nodes'
import type { TicketClaims } from '@veche/shared/ticket'
import type { Logger } from 'pino'
import type { Deps } from './deps.ts'
import { CallError, fail, must } from './errors.ts'
import { Fences } from './admission/EpochGuard.ts'
import type { EndReason, RoomFrame } from './signalling/frames.ts'
import type { Join, NewJoin } from './signalling/inputs.ts'
import type { Line } from './signalling/SignallingSocket.ts'
import { MediaWorker } from './media/MediaWorker.ts'
import type { Metrics } from './metrics.ts'
import type { Peer } from './room/Peer.ts'
import { type Probe, Probes } from './media/Probes.ts'
import { Room } from './room/Room.ts'
import { Secrets } from './admission/ResumeSecrets.ts'
import type { Stream } from './signalling/FrameQueue.ts'
import { Tickets } from './admission/Tickets.ts'

type Joined = { peer: Peer; stream: Stream }

/** One life of a media node: its workers and the rooms on them. It keeps nothing that is worth more than this life. */
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
  readonly #fences: Fences
  readonly #probes: Probes
  readonly #secrets = new Secrets<Peer>()

  static async start(deps: Deps): Promise<Node> {
    const indexes = Array.from({ length: deps.env.SFU_WORKERS }, (_, index) => index)
    const started = await Promise.allSettled(indexes.map((index) => MediaWorker.start(deps, index)))
    const workers = started.flatMap((one) => (one.status === 'fulfilled' ? one.value : []))
    const failed = started.find((one) => one.status === 'rejected')
    if (!failed) return new Node(deps, workers)
    for (const worker of workers) worker.close()
    throw failed.reason
  }

  private constructor(deps: Deps, workers: MediaWorker[]) {
    this.#deps = deps
    this.id = deps.env.SFU_NODE
    this.log = deps.log
    this.metrics = deps.metrics
    this.workers = workers
    this.#fences = new Fences(deps.clock)
    this.#probes = new Probes(deps)
    this.tickets = new Tickets(deps.clock, this)
  }

  /** Whether somebody who comes with a ticket can be let in. What is lost later, the API above all, ends no call and does not count. */
  get ready(): boolean {
    return !this.stopping && this.tickets.ready && this.workers.some(({ alive }) => alive)
  }

  get rooms(): Room[] {
    return [...this.#rooms.values()]
  }

  /** Joins or resumes, and tells from then on. A socket sits on one seat, once. */
  async *enter(line: Line, input: Join, signal: AbortSignal | undefined): AsyncGenerator<RoomFrame, void> {
    must(!line.peer && !line.joining, 'call.limit')
    const done = this.metrics.joins.startTimer({ kind: 'ticket' in input ? 'ticket' : 'resume' })
    line.joining = true
    let joined: Joined
    try {
      joined = 'ticket' in input ? await this.#join(line, input) : this.#resume(line, input.resume)
      done({ outcome: 'ok' })
    } catch (error) {
      done({ outcome: error instanceof CallError ? error.code : 'server.error' })
      throw error
    } finally {
      line.tried()
    }
    const { peer, stream } = joined
    try {
      yield* stream.frames(signal)
    } finally {
      peer.detach(stream)
    }
  }

  /** Orders that the API gives at once; what gets lost comes again with a heartbeat. */
  nudge(order: MeetingUpdate): number {
    this.#obey(order, false)
    return this.#rooms.get(order.meeting)?.rev ?? 0
  }

  async hear(answer: HeartbeatAnswer): Promise<void> {
    this.answeredAt = this.#deps.clock.now()
    await this.tickets.learn(answer)
    for (const order of answer.meetings) this.#obey(order, true)
  }

  report(): Pick<Heartbeat, 'workers' | 'meetings'> {
    const workers = this.workers.map(({ load, rooms, peers, full, alive }) => ({
      load: Math.min(64, load),
      rooms: rooms.size,
      peers,
      full: full || !alive,
    }))
    const meetings = this.rooms.map((room) => ({
      meeting: room.meetingId,
      epoch: room.epoch,
      rev: room.rev,
      seats: room.seats(),
    }))
    return { workers, meetings }
  }

  probe(): Promise<Probe> {
    const worker = this.workers.find(({ alive }) => alive) ?? fail('call.media_lost')
    return this.#probes.open(worker)
  }

  /** Everybody hears that they should go elsewhere; then the media ends. */
  stop(): void {
    this.stopping = true
    for (const room of this.rooms) room.close('stopping')
  }

  close(): void {
    this.stop()
    for (const worker of this.workers) worker.close()
  }

  async #join(line: Line, input: NewJoin): Promise<Joined> {
    must(!this.stopping, 'server.unavailable')
    const claims = await this.tickets.take(input.ticket)
    must(this.#fences.pass(claims), 'call.ticket_invalid')
    const room = await this.#roomFor(claims)
    const peer = await room.admit(claims, input, () => this.#fences.holds(claims))
    // Whoever went before the answer has no way back to it.
    if (!line.open) peer.end('silent')
    if (peer.ended) fail('call.ended')
    peer.onEnd = () => this.#secrets.drop(peer)
    return this.#attach(peer, line, false)
  }

  #resume(line: Line, secret: string): Joined {
    const peer = this.#secrets.use(secret) ?? fail('call.resume_invalid')
    must(peer.stir(), 'server.busy')
    return this.#attach(peer, line, true)
  }

  #attach(peer: Peer, line: Line, resumed: boolean): Joined {
    const secret = this.#secrets.issue(peer)
    return { peer, stream: peer.attach(line, secret, resumed, () => this.#secrets.confirm(peer)) }
  }

  async #roomFor(claims: TicketClaims): Promise<Room> {
    const before = this.#roomHere(claims)
    if (before) return before
    const worker = await this.#place()
    // Another seat of the same meeting may have been quicker, and the node may be going.
    must(!this.stopping, 'server.unavailable')
    const { meeting, meetingEpoch } = claims
    return this.#roomHere(claims) ?? this.#open(new Room(this.#deps, meeting, meetingEpoch, worker))
  }

  #roomHere({ meeting, meetingEpoch }: TicketClaims): Room | undefined {
    const room = this.#rooms.get(meeting)
    if (!room || room.epoch === meetingEpoch) return room
    must(room.epoch < meetingEpoch, 'call.ticket_invalid')
    // It was elsewhere meanwhile: what is left here of its former stay is over.
    room.close('moved')
    return undefined
  }

  #open(room: Room): Room {
    this.#rooms.set(room.meetingId, room)
    room.onClose = () => {
      if (this.#rooms.get(room.meetingId) === room) this.#rooms.delete(room.meetingId)
    }
    room.opened.catch((error: unknown) =>
      this.log.warn({ err: error, meeting: room.meetingId }, 'a room could not be opened'),
    )
    return room
  }

  /** The least loaded worker that is not full. When all are being made anew, who comes waits for the first of them. */
  async #place(): Promise<MediaWorker> {
    if (!this.workers.some(({ alive }) => alive)) await this.#revival()
    const free = this.workers.filter(({ alive, full }) => alive && !full)
    const least = free.sort((a, b) => a.load - b.load || a.peers - b.peers || a.rooms.size - b.rooms.size)[0]
    return least ?? fail('server.busy')
  }

  #revival(): Promise<void> {
    return new Promise((resolve, reject) => {
      const stop = this.#deps.clock.after(limits.call.requestSeconds * 1000, () =>
        reject(new CallError('call.media_lost')),
      )
      void Promise.race(this.workers.map(({ up }) => up)).then(() => resolve(stop()))
    })
  }

  #obey(order: MeetingUpdate, whole: boolean): void {
    this.#fences.learn(order)
    const room = this.#rooms.get(order.meeting)
    if (!room) return
    const over = endOf(order, room.epoch)
    if (over) room.close(over)
    else if (order.epoch === room.epoch) room.apply(order, whole)
  }
}

/** A meeting that has ended is over wherever it is; one that has moved is over here, unless the order is older than what is here. */
function endOf({ state, epoch }: MeetingUpdate, here: number): EndReason | null {
  if (state === 'ended') return 'meeting_ended'
  if (epoch > here || (state === 'moved' && epoch >= here)) return 'moved'
  return null
}
