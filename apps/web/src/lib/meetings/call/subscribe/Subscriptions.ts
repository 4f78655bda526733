import type { types } from 'mediasoup-client'
import type { SubscriptionView } from '@veche/sfu/router'
import type { SeatId } from '@veche/shared/ids'
import type { Source } from '@veche/shared/meetings'
import { pause, type Environment } from '#lib/live/environment.ts'
import { TypedEvents } from '#lib/browser/TypedEvents.ts'
import type { CallNode } from '../connection/SignallingSocket.ts'
import { findStat } from '../stream-statistics.ts'

export type Subscription = {
  consumer: types.Consumer
  transport: types.Transport
  view: SubscriptionView
  /** The layer that the node forwards; null when the network has no room for any. */
  layer: number | null
}
/** A subscription that is being set up. What the node says about it meanwhile is kept here. */
type Pending = { view: SubscriptionView; layer: number | null; closed: boolean; result: Promise<Result> }
type Result = 'ready' | 'closed' | 'refused'
export type StreamKey = `${SeatId} ${Source}`
type SubscriptionsEvents = {
  /** The track to show or play for this seat and source; null when there is none any longer. */
  track: [view: SubscriptionView, track: MediaStreamTrack | null]
  /** The browser did not accept what the node offered: only a new transport helps. */
  refused: [transport: types.Transport]
}

const CHECK_EVERY_MS = 100
const OVERLAP_MS = 10_000

/**
 * The streams of the others, of which one for each seat and source is shown. A stream that comes over a new transport replaces the one
 * that is shown when its first picture or sound has arrived, or after ten seconds, so that there is neither a gap nor an echo.
 */
export class Subscriptions {
  readonly events = new TypedEvents<SubscriptionsEvents>()
  readonly #environment: Environment
  readonly #all = new Map<string, Subscription>()
  readonly #shown = new Map<StreamKey, Subscription>()
  /** Replacements whose first picture or sound has not arrived. */
  readonly #next = new Map<StreamKey, Subscription>()
  readonly #pending = new Map<string, Pending>()

  constructor(environment: Environment) {
    this.#environment = environment
  }

  shown(): Subscription[] {
    return [...this.#shown.values()]
  }

  /**
   * Creates all consumers at the same time, and tells the node in one message that they are ready. After a resume this is called again
   * with subscriptions that exist: the message may have been lost with the socket, and only the node knows.
   */
  async add(transport: types.Transport, views: SubscriptionView[], callNode: CallNode): Promise<void> {
    const results = await Promise.all(views.map((view) => this.#setUp(transport, view)))
    const ids = views.filter((_, index) => results[index] === 'ready').map(({ id }) => id)
    if (results.includes('refused') && !transport.closed) this.events.emit('refused', transport)
    if (ids.length > 0) await callNode((node) => node.media.ready.mutate({ ids })).catch(() => undefined)
  }

  update(id: string, change: { publicationPaused: boolean; hidden: boolean; layer: number | null }): void {
    const existing = this.#all.get(id)
    const known = existing ?? this.#pending.get(id)
    if (!known) return
    const { layer, ...flags } = change
    known.layer = layer
    known.view = { ...known.view, ...flags }
    // A paused stream has no first picture or sound to wait for.
    if (existing && this.#isNext(existing) && !willFlow(existing.view)) this.#show(existing)
  }

  close(id: string): void {
    const existing = this.#all.get(id)
    if (existing) return this.#remove(existing)
    const pending = this.#pending.get(id)
    if (pending) pending.closed = true
  }

  /** After a resume: what the node does not list is gone. */
  keep(ids: Set<string>, transport: types.Transport): void {
    for (const each of [...this.#all.values()])
      if (each.transport === transport && !ids.has(each.view.id)) this.#remove(each)
  }

  /** Resolves when all that comes over this transport is shown, so that earlier transports are no longer needed. */
  async settled(transport: types.Transport): Promise<void> {
    const until = this.#environment.now() + OVERLAP_MS
    while (this.#environment.now() < until && [...this.#next.values()].some((each) => each.transport === transport))
      await pause(this.#environment, CHECK_EVERY_MS, never)
  }

  clear(): void {
    for (const each of [...this.#all.values()]) this.#remove(each)
    for (const pending of this.#pending.values()) pending.closed = true
  }

  async #setUp(transport: types.Transport, view: SubscriptionView): Promise<Result> {
    const { id } = view
    if (this.#all.has(id)) return 'ready'
    const existing = this.#pending.get(id)
    if (existing) return existing.result
    const { promise, resolve } = Promise.withResolvers<Result>()
    const pending: Pending = { view, layer: null, closed: false, result: promise }
    this.#pending.set(id, pending)
    resolve(await this.#createConsumer(transport, pending))
    this.#pending.delete(id)
    return promise
  }

  async #createConsumer(transport: types.Transport, pending: Pending): Promise<Result> {
    try {
      const { id, publicationId, kind, seatId, source } = pending.view
      const rtpParameters = pending.view.rtpParameters as types.RtpParameters
      // The browser synchronises tracks of one stream: the voice and the camera of a seat, a screen and its sound.
      const streamId = `${seatId}-${source.startsWith('screen') ? 'screen' : 'person'}`
      const consumer = await transport.consume({ id, producerId: publicationId, kind, rtpParameters, streamId })
      if (pending.closed) {
        consumer.close()
        return 'closed'
      }
      const subscription: Subscription = { consumer, transport, view: pending.view, layer: pending.layer }
      consumer.on('transportclose', () => this.#remove(subscription))
      this.#all.set(id, subscription)
      this.#showWhenFlowing(subscription)
      return 'ready'
    } catch {
      return 'refused'
    }
  }

  #showWhenFlowing(subscription: Subscription): void {
    const before = this.#shown.get(keyOf(subscription.view))
    if (!before || before.consumer.closed || !willFlow(subscription.view)) return this.#show(subscription)
    this.#next.set(keyOf(subscription.view), subscription)
    void this.#awaitFirstFrame(subscription)
  }

  async #awaitFirstFrame(subscription: Subscription): Promise<void> {
    const until = this.#environment.now() + OVERLAP_MS
    while (this.#isNext(subscription) && this.#environment.now() < until) {
      if (await flows(subscription, this.#environment)) break
      await pause(this.#environment, CHECK_EVERY_MS, never)
    }
    if (this.#isNext(subscription)) this.#show(subscription)
  }

  #isNext(subscription: Subscription): boolean {
    return this.#next.get(keyOf(subscription.view)) === subscription
  }

  #show(subscription: Subscription): void {
    const key = keyOf(subscription.view)
    this.#next.delete(key)
    this.#shown.set(key, subscription)
    this.events.emit('track', subscription.view, subscription.consumer.track)
  }

  #remove(subscription: Subscription): void {
    const key = keyOf(subscription.view)
    this.#all.delete(subscription.view.id)
    if (!subscription.consumer.closed) subscription.consumer.close()
    if (this.#isNext(subscription)) this.#next.delete(key)
    if (this.#shown.get(key) !== subscription) return
    const next = this.#next.get(key)
    if (next) return this.#show(next)
    this.#shown.delete(key)
    this.events.emit('track', subscription.view, null)
  }
}

const never = new AbortController().signal

export function keyOf({ seatId, source }: Pick<SubscriptionView, 'seatId' | 'source'>): StreamKey {
  return `${seatId} ${source}`
}

function willFlow(view: SubscriptionView): boolean {
  return !view.publicationPaused && !view.hidden
}

/** The first sound or picture has come. */
async function flows({ consumer }: Subscription, environment: Environment): Promise<boolean> {
  const name = consumer.kind === 'audio' ? 'packetsReceived' : 'framesDecoded'
  return Boolean(await findStat(consumer, ['inbound-rtp', name], environment))
}
