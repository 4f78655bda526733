import { limits } from '@veche/shared/limits'
import type { types } from 'mediasoup'
import type { Deps } from '../deps.ts'
import { fail, must } from '../errors.ts'
import type { TransportLost, TransportView } from '../signalling/frames.ts'
import type { Connect, Direction } from '../signalling/inputs.ts'
import type { RoomRouter } from './RoomRouter.ts'
import { Share } from './BitrateDebt.ts'
import { type Figures, nothing, plus, Traffic } from './Traffic.ts'
import { within } from './timeout.ts'

type Transport = types.WebRtcTransport

/** `next` takes the place of `current` as soon as it is connected: until then both live. */
type Way = { current: Transport; next: Transport | null; strays: Share; lost: TransportLost | null }

/** How both ways do, and what was carried since the last look. A way whose transport was closed says nothing. */
export type WayStats = Figures & {
  send: types.WebRtcTransportStat | undefined
  recv: types.WebRtcTransportStat | undefined
  seconds: number
}

const directions = ['send', 'recv'] as const
/** Bits a second that belong to no stream: reports, checks, what every packet carries besides, and what comes for a stream that is gone. */
const strayBitrate = 1_000_000

/** The two ways of a peer: what it sends and what it receives. */
export class Transports {
  /** A transport was closed that cannot carry anything any more, or carried what it must not. */
  onLost: (lost: TransportLost) => void = () => undefined
  /** Another takes its place: it is closed next. */
  onReplaced: (transportId: string) => void = () => undefined
  readonly #deps: Deps
  readonly #router: RoomRouter
  readonly #ways: Record<Direction, Way>
  readonly #connected = new Map<string, { said: string; done: Promise<void> }>()
  readonly #traffic = new WeakMap<Transport, Traffic>()
  #lookedAt: number
  #closed = { send: false, recv: false }
  /** Being made: a client that does not wait for answers makes no more than one that does. */
  #making = 0

  static async open(deps: Deps, router: RoomRouter): Promise<Transports> {
    const made = await Promise.allSettled([router.createTransport(), router.createTransport()])
    const [send, recv] = made.map((one) => (one.status === 'fulfilled' ? one.value : undefined))
    if (send && recv) return new Transports(deps, router, send, recv)
    send?.close()
    recv?.close()
    throw made.find((one) => one.status === 'rejected')?.reason
  }

  private constructor(deps: Deps, router: RoomRouter, send: Transport, recv: Transport) {
    this.#deps = deps
    this.#router = router
    this.#lookedAt = deps.clock.now()
    this.#ways = { send: newWay(this.#watch('send', send)), recv: newWay(this.#watch('recv', recv)) }
  }

  view(direction: Direction): TransportView {
    return transportView(this.newest(direction))
  }

  /** What has no transport that works: whoever was away when it was lost is told again. */
  get lost(): TransportLost[] {
    return directions.flatMap((direction) => this.#ways[direction].lost ?? [])
  }

  /** Where new streams go. */
  newest(direction: Direction): Transport {
    const { current, next } = this.#ways[direction]
    return next ?? current
  }

  sending(id: string): types.Transport {
    return this.#open('send').find((one) => one.id === id) ?? fail('call.media_lost')
  }

  /** A question whose answer was lost is asked again: the same words get the same answer. */
  async connect({ transportId, dtlsParameters }: Connect): Promise<void> {
    const transport = this.#find(transportId)
    const said = JSON.stringify(dtlsParameters.fingerprints)
    const before = this.#connected.get(transportId)
    if (before) return before.said === said ? before.done : fail('call.media_refused')
    const done = within(this.#deps, transport.connect({ dtlsParameters }))
    this.#connected.set(transportId, { said, done })
    await done
  }

  restartIce(id: string): Promise<types.IceParameters> {
    return within(this.#deps, this.#find(id).restartIce())
  }

  /** A new transport beside one that has fallen silent. Asked twice, the first that nobody connected makes room. */
  async renew(direction: Direction): Promise<Transport> {
    const way = this.#ways[direction]
    giveUp(way)
    must(this.#open('send').length + this.#open('recv').length + this.#making < limits.call.transports, 'call.limit')
    const fresh = await this.#make()
    if (this.#closed[direction]) {
      fresh.close()
      fail('call.media_lost')
    }
    giveUp(way)
    way.lost = null
    this.#watch(direction, fresh)
    if (way.current.closed) way.current = fresh
    else way.next = fresh
    return fresh
  }

  async stats(): Promise<WayStats> {
    const now = this.#deps.clock.now()
    const seconds = (now - this.#lookedAt) / 1000
    this.#lookedAt = now
    const [send, recv] = await Promise.all(directions.map((direction) => this.#look(direction, seconds)))
    const figures = plus(send?.figures ?? nothing, recv?.figures ?? nothing)
    return { ...figures, send: send?.stat, recv: recv?.stat, seconds }
  }

  close(direction?: Direction): void {
    for (const one of direction ? [direction] : directions) {
      this.#closed[one] = true
      this.#ways[one].current.close()
      this.#ways[one].next?.close()
    }
  }

  async #make(): Promise<Transport> {
    this.#making += 1
    try {
      return await this.#router.createTransport()
    } finally {
      this.#making -= 1
    }
  }

  #watch(direction: Direction, transport: Transport): Transport {
    this.#traffic.set(transport, new Traffic())
    transport.observer.once('close', () => this.#connected.delete(transport.id))
    transport.on('dtlsstatechange', (state) => {
      if (state === 'connected') this.#promote(direction, transport)
      // Another certificate than was announced, or a farewell: nothing comes of this transport any more.
      if (state === 'failed' || state === 'closed') this.#lose(direction, transport, 'handshake')
    })
    return transport
  }

  #promote(direction: Direction, transport: Transport): void {
    const way = this.#ways[direction]
    if (way.next !== transport) return
    const old = way.current
    way.current = transport
    way.next = null
    this.onReplaced(old.id)
    old.close()
  }

  #lose(direction: Direction, transport: Transport, reason: TransportLost['reason']): void {
    const way = this.#ways[direction]
    if (transport.closed) return
    this.#deps.metrics.lost.inc({ reason })
    const lost = { type: 'transportClosed' as const, id: transport.id, direction, reason }
    if (this.newest(direction) === transport) way.lost = lost
    if (way.next === transport) way.next = null
    transport.close()
    this.onLost(lost)
  }

  /** All transports of a way, and of the one that is in use how it does. */
  async #look(direction: Direction, seconds: number) {
    const way = this.#ways[direction]
    const { current } = way
    const seen = await Promise.all(this.#open(direction).map((transport) => this.#stat(transport)))
    const figures = seen.map(({ figures: one }) => one).reduce(plus, nothing)
    this.#deps.metrics.strays.inc(figures.strays)
    if (way.strays.count(figures.strays, seconds) === 'close')
      for (const one of this.#open(direction)) this.#lose(direction, one, 'bitrate')
    return { stat: seen.find(({ transport }) => transport === current)?.stat, figures }
  }

  /** Nothing of one that is closed while it is asked. */
  async #stat(transport: Transport) {
    try {
      const [stat] = await within(this.#deps, transport.getStats())
      const figures = stat && this.#traffic.get(transport)?.since(stat)
      return { transport, stat, figures: figures ?? nothing }
    } catch (error) {
      if (transport.closed) return { transport, stat: undefined, figures: nothing }
      throw error
    }
  }

  #open(direction: Direction): Transport[] {
    const { current, next } = this.#ways[direction]
    return [next, current].flatMap((one) => (one && !one.closed ? one : []))
  }

  #find(id: string): Transport {
    return directions.flatMap((one) => this.#open(one)).find((one) => one.id === id) ?? fail('call.media_lost')
  }
}

function newWay(current: Transport): Way {
  return { current, next: null, strays: new Share(strayBitrate), lost: null }
}

/** The one that nobody has connected yet. */
function giveUp(way: Way): void {
  way.next?.close()
  way.next = null
}

export function transportView({ id, iceParameters, iceCandidates, dtlsParameters }: Transport): TransportView {
  return { id, iceParameters, iceCandidates, dtlsParameters }
}
