import type { types } from 'mediasoup-client'
import type { SubscriptionView } from '@veche/sfu/router'
import type { SeatId } from '@veche/shared/ids'
import type { Source } from '@veche/shared/meetings'
import { pause, type Environment } from '#lib/live/environment.ts'
import type { Ask } from './Signalling.ts'

/** One stream of somebody else. */
export type Received = {
  consumer: types.Consumer
  transport: types.Transport
  view: SubscriptionView
  layer: number | null
}
/** One that is being set up; what is said of it meanwhile holds when it is there. */
type Coming = { view: SubscriptionView; layer: number | null; gone: boolean; arrives: Promise<Arrival> }
type Arrival = 'here' | 'gone' | 'refused'
export type Key = `${SeatId} ${Source}`
type Show = (view: SubscriptionView, track: MediaStreamTrack | null) => void

const LOOK_MS = 100
const OVERLAP_MS = 10_000

/**
 * What is received, and which of it is shown: one stream of each seat and source. What comes over a new transport is shown when it
 * flows, until then the old one is: never both, and nothing between.
 */
export class Incoming {
  readonly #environment: Environment
  readonly #show: Show
  /** The browser did not take what the node offered: only another transport helps. */
  readonly #onBroken: (transport: types.Transport) => void
  readonly #all = new Map<string, Received>()
  readonly #shown = new Map<Key, Received>()
  readonly #waiting = new Map<Key, Received>()
  readonly #coming = new Map<string, Coming>()

  constructor(given: { environment: Environment; show: Show; onBroken: (transport: types.Transport) => void }) {
    this.#environment = given.environment
    this.#show = given.show
    this.#onBroken = given.onBroken
  }

  shown(): Received[] {
    return [...this.#shown.values()]
  }

  /**
   * All of them in one round; those that are set up are asked for in one message. Said again after a resume: what was asked for over
   * a socket that was just being lost may never have arrived, and nobody but the node knows.
   */
  async consume(transport: types.Transport, views: SubscriptionView[], ask: () => Ask): Promise<void> {
    const arrivals = await Promise.all(views.map((view) => this.#arrival(transport, view)))
    const ids = views.filter((_, at) => arrivals[at] === 'here').map(({ id }) => id)
    if (arrivals.includes('refused') && !transport.closed) this.#onBroken(transport)
    if (ids.length > 0) await ask()((node) => node.media.ready.mutate({ ids })).catch(() => undefined)
  }

  update(id: string, change: { publicationPaused: boolean; hidden: boolean; layer: number | null }): void {
    const received = this.#all.get(id)
    const known = received ?? this.#coming.get(id)
    if (!known) return
    const { layer, ...rest } = change
    known.layer = layer
    known.view = { ...known.view, ...rest }
    const key = keyOf(known.view)
    if (received && this.#waiting.get(key) === received && !flowsSoon(received.view)) this.#reveal(key, received)
  }

  close(id: string): void {
    const received = this.#all.get(id)
    if (received) return this.#drop(received)
    const coming = this.#coming.get(id)
    if (coming) coming.gone = true
  }

  /** After a resume: what the node does not list is gone. */
  keep(ids: Set<string>, transport: types.Transport): void {
    for (const received of [...this.#all.values()])
      if (received.transport === transport && !ids.has(received.view.id)) this.#drop(received)
  }

  /** When all that comes over this transport is shown, or will not come any more: the ones before it are no longer needed. */
  async settled(transport: types.Transport): Promise<void> {
    const until = this.#environment.now() + OVERLAP_MS
    while (this.#environment.now() < until && [...this.#waiting.values()].some((each) => each.transport === transport))
      await pause(this.#environment, LOOK_MS, never)
  }

  clear(): void {
    for (const received of [...this.#all.values()]) this.#drop(received)
    for (const coming of this.#coming.values()) coming.gone = true
  }

  async #arrival(transport: types.Transport, view: SubscriptionView): Promise<Arrival> {
    const { id } = view
    if (this.#all.has(id)) return 'here'
    const known = this.#coming.get(id)
    if (known) return known.arrives
    const { promise, resolve } = Promise.withResolvers<Arrival>()
    const coming: Coming = { view, layer: null, gone: false, arrives: promise }
    this.#coming.set(id, coming)
    resolve(await this.#create(transport, coming))
    this.#coming.delete(id)
    return promise
  }

  async #create(transport: types.Transport, coming: Coming): Promise<Arrival> {
    try {
      const { id, publicationId, kind, seatId, source } = coming.view
      const rtpParameters = coming.view.rtpParameters as types.RtpParameters
      // Lips and voice of one person belong together; a screen and its sound likewise.
      const streamId = `${seatId}-${source.startsWith('screen') ? 'screen' : 'person'}`
      const consumer = await transport.consume({ id, producerId: publicationId, kind, rtpParameters, streamId })
      if (coming.gone) {
        consumer.close()
        return 'gone'
      }
      const received: Received = { consumer, transport, view: coming.view, layer: coming.layer }
      consumer.on('transportclose', () => this.#drop(received))
      this.#all.set(id, received)
      this.#arrive(received)
      return 'here'
    } catch {
      return 'refused'
    }
  }

  #arrive(received: Received): void {
    const key = keyOf(received.view)
    const before = this.#shown.get(key)
    if (!before || before.consumer.closed || !flowsSoon(received.view)) return this.#reveal(key, received)
    this.#waiting.set(key, received)
    void this.#reveals(key, received)
  }

  async #reveals(key: Key, received: Received): Promise<void> {
    const until = this.#environment.now() + OVERLAP_MS
    while (this.#waiting.get(key) === received && this.#environment.now() < until) {
      if (await flows(received)) break
      await pause(this.#environment, LOOK_MS, never)
    }
    if (this.#waiting.get(key) === received) this.#reveal(key, received)
  }

  #reveal(key: Key, received: Received): void {
    this.#waiting.delete(key)
    this.#shown.set(key, received)
    this.#show(received.view, received.consumer.track)
  }

  #drop(received: Received): void {
    const key = keyOf(received.view)
    this.#all.delete(received.view.id)
    if (!received.consumer.closed) received.consumer.close()
    if (this.#waiting.get(key) === received) this.#waiting.delete(key)
    if (this.#shown.get(key) !== received) return
    const next = this.#waiting.get(key)
    if (next) return this.#reveal(key, next)
    this.#shown.delete(key)
    this.#show(received.view, null)
  }
}

const never = new AbortController().signal

export function keyOf(view: Pick<SubscriptionView, 'seatId' | 'source'>): Key {
  return `${view.seatId} ${view.source}`
}

function flowsSoon(view: SubscriptionView): boolean {
  return !view.publicationPaused && !view.hidden
}

async function flows({ consumer }: Received): Promise<boolean> {
  if (consumer.closed) return false
  // It may be closed while it is asked.
  const reports = await consumer.getStats().catch(() => null)
  for (const report of (reports ?? new Map<string, never>()).values() as Iterable<RTCInboundRtpStreamStats>)
    if (report.type === 'inbound-rtp' && (report.kind === 'audio' ? report.packetsReceived : report.framesDecoded))
      return true
  return false
}
