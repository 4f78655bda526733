import { EventEmitter } from 'node:events'
import { callLimits } from '@veche/shared/meeting-limits'
import type { types } from 'mediasoup'
import type { Deps } from '../deps.ts'
import { fail, must } from '../errors.ts'
import type { TransportLost, TransportView } from '../signalling/frames.ts'
import type { Connect, Direction } from '../signalling/inputs.ts'
import { BitrateDebt } from './BitrateDebt.ts'
import type { RoomRouter } from './RoomRouter.ts'
import { withTimeout } from './timeout.ts'
import type { StalledTcpConnections } from './StalledTcpConnections.ts'
import { TransportMeter } from './TransportMeter.ts'
import { addTraffic, noTraffic, type TrafficBytes } from './TransportTraffic.ts'

type Transport = types.WebRtcTransport

/** The transports of one direction. `next` replaces `current` when it is connected; until then both are open. */
type TransportPair = {
  current: Transport
  next: Transport | null
  unmatched: BitrateDebt
  answers: BitrateDebt
  lost: TransportLost | null
}

/** The statistics of both directions, and what was carried since the last measurement. A closed transport has no statistics. */
export type TransportStats = TrafficBytes & {
  send: types.WebRtcTransportStat | undefined
  recv: types.WebRtcTransportStat | undefined
  seconds: number
}

const directions = ['send', 'recv'] as const
/** The limit for bytes that belong to no stream: reports, ICE checks, the overhead of packets, and media of a closed stream. */
const unmatchedBitsPerSecond = 1_000_000
/** Answers to ICE checks take some kilobits; what encryption adds to the packets of a large call is counted with them. */
const answerBitsPerSecond = 2_000_000

type TransportsEvents = {
  /** The node closed a transport that can carry nothing any more, or carried too much. */
  lost: [lost: TransportLost]
  /** A new transport is connected; the transport with this id is closed next. */
  replaced: [transportId: string]
}

/** The transports of a peer, one direction to send and one to receive. */
export class Transports extends EventEmitter<TransportsEvents> {
  readonly #deps: Deps
  readonly #router: RoomRouter
  readonly #pairs: Record<Direction, TransportPair>
  readonly #connected = new Map<string, { fingerprints: string; done: Promise<void> }>()
  readonly #meters = new WeakMap<Transport, TransportMeter>()
  readonly #stalledTcp: StalledTcpConnections
  #measuredAt: number
  #closed = { send: false, recv: false }
  /** Transports that are being created. They count against the limit, so a client that does not wait for answers gets no more. */
  #creating = 0

  static async open(deps: Deps, router: RoomRouter, stalledTcp: StalledTcpConnections): Promise<Transports> {
    const enableTcp = !(await stalledTcp.areTooMany())
    const made = await Promise.allSettled([
      router.createTransport({ enableTcp }),
      router.createTransport({ enableTcp }),
    ])
    const [send, recv] = made.map((one) => (one.status === 'fulfilled' ? one.value : undefined))
    if (send && recv) return new Transports(deps, router, { send, recv, stalledTcp })
    send?.close()
    recv?.close()
    throw made.find((one) => one.status === 'rejected')?.reason
  }

  private constructor(
    deps: Deps,
    router: RoomRouter,
    { send, recv, stalledTcp }: { send: Transport; recv: Transport; stalledTcp: StalledTcpConnections },
  ) {
    super()
    this.#stalledTcp = stalledTcp
    this.#deps = deps
    this.#router = router
    this.#measuredAt = deps.clock.now()
    this.#pairs = { send: newPair(this.#watch('send', send)), recv: newPair(this.#watch('recv', recv)) }
  }

  view(direction: Direction): TransportView {
    return transportView(this.newest(direction))
  }

  /** Transports that were lost and not yet replaced. A client that was away is told again when it resumes. */
  get lost(): TransportLost[] {
    return directions.flatMap((direction) => this.#pairs[direction].lost ?? [])
  }

  /** The transport for new streams. */
  newest(direction: Direction): Transport {
    const { current, next } = this.#pairs[direction]
    return next ?? current
  }

  requireSendTransport(id: string): types.Transport {
    return this.#open('send').find((one) => one.id === id) ?? fail('call.media_lost')
  }

  /** A client repeats a call whose answer was lost: the same fingerprints get the same answer. */
  async connect({ transportId, dtlsParameters }: Connect): Promise<void> {
    const transport = this.#require(transportId)
    const fingerprints = JSON.stringify(dtlsParameters.fingerprints)
    const before = this.#connected.get(transportId)
    if (before) return before.fingerprints === fingerprints ? before.done : fail('call.media_refused')
    const done = withTimeout(this.#deps, transport.connect({ dtlsParameters }))
    this.#connected.set(transportId, { fingerprints, done })
    await done
  }

  restartIce(id: string): Promise<types.IceParameters> {
    return withTimeout(this.#deps, this.#require(id).restartIce())
  }

  /** Opens a transport beside one that carries nothing any more. A second call closes the one that was never connected. */
  async replace(direction: Direction): Promise<Transport> {
    const pair = this.#pairs[direction]
    closeNext(pair)
    must(this.#open('send').length + this.#open('recv').length + this.#creating < callLimits.transports, 'call.limit')
    const fresh = await this.#create()
    if (this.#closed[direction]) {
      fresh.close()
      fail('call.media_lost')
    }
    closeNext(pair)
    pair.lost = null
    this.#watch(direction, fresh)
    if (pair.current.closed) pair.current = fresh
    else pair.next = fresh
    return fresh
  }

  async measure(): Promise<TransportStats> {
    const now = this.#deps.clock.now()
    const seconds = (now - this.#measuredAt) / 1000
    this.#measuredAt = now
    const [send, recv] = await Promise.all(directions.map((direction) => this.#measurePair(direction, seconds)))
    const traffic = addTraffic(send?.traffic ?? noTraffic, recv?.traffic ?? noTraffic)
    return { ...traffic, send: send?.stat, recv: recv?.stat, seconds }
  }

  close(direction?: Direction): void {
    for (const one of direction ? [direction] : directions) {
      this.#closed[one] = true
      this.#pairs[one].current.close()
      this.#pairs[one].next?.close()
    }
  }

  async #create(): Promise<Transport> {
    this.#creating += 1
    try {
      return await this.#router.createTransport({ enableTcp: !(await this.#stalledTcp.areTooMany()) })
    } finally {
      this.#creating -= 1
    }
  }

  #watch(direction: Direction, transport: Transport): Transport {
    this.#meters.set(transport, new TransportMeter(this.#deps, transport, this.#router.tcpQueues))
    transport.observer.once('close', () => this.#connected.delete(transport.id))
    transport.on('dtlsstatechange', (state) => {
      if (state === 'connected') this.#promote(direction, transport)
      // The certificate was not the announced one, or the browser closed DTLS: this transport carries nothing any more.
      if (state === 'failed' || state === 'closed') this.#lose(direction, transport, 'handshake')
    })
    return transport
  }

  #promote(direction: Direction, transport: Transport): void {
    const pair = this.#pairs[direction]
    if (pair.next !== transport) return
    const old = pair.current
    pair.current = transport
    pair.next = null
    this.emit('replaced', old.id)
    old.close()
  }

  #lose(direction: Direction, transport: Transport, reason: TransportLost['reason']): void {
    const pair = this.#pairs[direction]
    if (transport.closed) return
    this.#deps.metrics.lost.inc({ reason })
    const lost = { type: 'transportClosed' as const, id: transport.id, direction, reason }
    if (this.newest(direction) === transport) pair.lost = lost
    if (pair.next === transport) pair.next = null
    transport.close()
    this.emit('lost', lost)
  }

  /** The traffic of all transports of a direction, and the statistics of the current one. */
  async #measurePair(direction: Direction, seconds: number) {
    const pair = this.#pairs[direction]
    const { current } = pair
    const meters = this.#open(direction).flatMap((transport) => this.#meters.get(transport) ?? [])
    const measured = await Promise.all(meters.map((meter) => meter.measure()))
    const traffic = measured.map((one) => one.traffic).reduce(addTraffic, noTraffic)
    this.#deps.metrics.unmatched.inc(traffic.unmatched)
    for (const { transport, stalledTcp } of measured) {
      if (!stalledTcp) continue
      this.#stalledTcp.add(stalledTcp)
      this.#lose(direction, transport, 'tcp_stalled')
    }
    const debts = [pair.unmatched.count(traffic.unmatched, seconds), pair.answers.count(traffic.answers, seconds)]
    if (debts.includes('close')) for (const one of this.#open(direction)) this.#lose(direction, one, 'bitrate')
    return { stat: measured.find(({ transport }) => transport === current)?.stat, traffic }
  }

  #open(direction: Direction): Transport[] {
    const { current, next } = this.#pairs[direction]
    return [next, current].flatMap((one) => (one && !one.closed ? one : []))
  }

  #require(id: string): Transport {
    return directions.flatMap((one) => this.#open(one)).find((one) => one.id === id) ?? fail('call.media_lost')
  }
}

function newPair(current: Transport): TransportPair {
  const unmatched = new BitrateDebt(unmatchedBitsPerSecond)
  return { current, next: null, unmatched, answers: new BitrateDebt(answerBitsPerSecond), lost: null }
}

/** Closes the transport that was never connected. */
function closeNext(pair: TransportPair): void {
  pair.next?.close()
  pair.next = null
}

export function transportView({ id, iceParameters, iceCandidates, dtlsParameters }: Transport): TransportView {
  return { id, iceParameters, iceCandidates, dtlsParameters }
}
