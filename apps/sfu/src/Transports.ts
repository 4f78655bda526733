import { limits } from '@veche/shared/limits'
import type { types } from 'mediasoup'
import type { Deps } from './deps.ts'
import { fail, must } from './errors.ts'
import type { TransportView } from './frames.ts'
import type { Connect, Direction } from './inputs.ts'
import type { RoomRouter } from './RoomRouter.ts'
import { within } from './within.ts'

type Transport = types.WebRtcTransport

/** `next` takes the place of `current` as soon as it is connected: until then both live. */
type Way = { current: Transport; next: Transport | null }

export type WayStats = {
  send: types.WebRtcTransportStat
  recv: types.WebRtcTransportStat
  received: number
  sent: number
}

/** The two ways of a peer: what it sends and what it receives. */
export class Transports {
  readonly #deps: Deps
  readonly #router: RoomRouter
  readonly #ways: Record<Direction, Way>
  readonly #connected = new Map<string, { said: string; done: Promise<void> }>()
  readonly #bytes = new Map<string, { bytesReceived: number; bytesSent: number }>()
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
    this.#ways = {
      send: { current: this.#watch(send), next: null },
      recv: { current: this.#watch(recv), next: null },
    }
  }

  view(direction: Direction): TransportView {
    return transportView(this.newest(direction))
  }

  /** Where new streams go. */
  newest(direction: Direction): Transport {
    const { current, next } = this.#ways[direction]
    return next ?? current
  }

  sending(id: string): Transport {
    const { current, next } = this.#ways.send
    return [next, current].find((one) => one?.id === id && !one.closed) ?? fail('call.media_lost')
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
    must(this.#count + this.#making < limits.call.transports, 'call.limit')
    const fresh = await this.#make()
    if (way.current.closed) {
      fresh.close()
      fail('call.media_lost')
    }
    giveUp(way)
    way.next = this.#watch(fresh)
    fresh.on('dtlsstatechange', (state) => {
      if (state === 'connected' && way.next === fresh) this.#promote(way, fresh)
    })
    return fresh
  }

  /** How both ways do, and what has come and gone on all of them since the last time. */
  async stats(): Promise<WayStats> {
    const { send, recv } = this.#ways
    const [up, down, ...others] = await Promise.all(
      [send.current, recv.current, send.next, recv.next].filter((one) => one !== null).map((one) => this.#stat(one)),
    )
    if (!up || !down) fail('call.media_lost')
    let [received, sent] = [0, 0]
    for (const { transportId, bytesReceived, bytesSent } of [up, down, ...others]) {
      const before = this.#bytes.get(transportId) ?? { bytesReceived: 0, bytesSent: 0 }
      received += bytesReceived - before.bytesReceived
      sent += bytesSent - before.bytesSent
      this.#bytes.set(transportId, { bytesReceived, bytesSent })
    }
    return { send: up, recv: down, received, sent }
  }

  close(direction?: Direction): void {
    for (const one of direction ? [direction] : (['send', 'recv'] as const)) {
      this.#ways[one].current.close()
      this.#ways[one].next?.close()
    }
  }

  get #count(): number {
    return Object.values(this.#ways).reduce((sum, { next }) => sum + (next ? 2 : 1), 0)
  }

  async #make(): Promise<Transport> {
    this.#making += 1
    try {
      return await this.#router.createTransport()
    } finally {
      this.#making -= 1
    }
  }

  #watch(transport: Transport): Transport {
    transport.observer.once('close', () => {
      this.#connected.delete(transport.id)
      this.#bytes.delete(transport.id)
    })
    return transport
  }

  #promote(way: Way, fresh: Transport): void {
    const old = way.current
    way.current = fresh
    way.next = null
    old.close()
  }

  async #stat(transport: Transport): Promise<types.WebRtcTransportStat> {
    const [stat] = await within(this.#deps, transport.getStats())
    return stat ?? fail('call.media_lost')
  }

  #find(id: string): Transport {
    const all = Object.values(this.#ways).flatMap(({ current, next }) => [next, current])
    return all.find((one) => one?.id === id && !one.closed) ?? fail('call.media_lost')
  }
}

/** The one that nobody has connected yet. */
function giveUp(way: Way): void {
  way.next?.close()
  way.next = null
}

export function transportView({ id, iceParameters, iceCandidates, dtlsParameters }: Transport): TransportView {
  return { id, iceParameters, iceCandidates, dtlsParameters }
}
