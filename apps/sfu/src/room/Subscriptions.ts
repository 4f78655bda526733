import { callLimits } from '@veche/shared/meeting-limits'
import { errors, type types } from 'mediasoup'
import type { Deps } from '../deps.ts'
import { CallError, must } from '../errors.ts'
import type { SubscriptionView } from '../signalling/frames.ts'
import type { Tile, View } from '../signalling/inputs.ts'
import { RateLimit } from '../signalling/RateLimit.ts'
import type { Publication } from './Publication.ts'
import type { Receiver } from './Receiver.ts'
import { Subscription } from './Subscription.ts'
import { VisibleTiles } from './VisibleTiles.ts'

/** The order in which subscriptions are made: what matters most comes first. */
const rank = { mic: 0, screenSound: 1, screen: 2, cam: 3 }

/**
 * What a receiver may have the media worker change: one token for each tile that changes and each subscription that becomes ready. A
 * browser that scrolls through a room of a hundred people, or comes back to it several times in a row, stays below this.
 */
const changeLimit = { perSecond: 50, burst: 1_000 }
/** A key frame costs its sender more than the request costs a browser. So a browser gets one for each tile of a page, and then one a second. */
const keyFrameLimit = { perSecond: 1, burst: 60 }
/** This many ids of `ready` that change nothing cost as much as one that does. */
const idsPerToken = 50

/** The subscription to a publication; null while it is being created. */
type Entry = { subscription: Subscription | null }

/** What a receiver gets: all sound, the shared screen, and the cameras that it has shown. Hidden ones are paused and kept. */
export class Subscriptions {
  readonly #deps: Deps
  readonly #receiver: Receiver
  readonly #rtpCapabilities: types.RtpCapabilities
  readonly #tiles: VisibleTiles
  readonly #entries = new Map<Publication, Entry>()
  /** Subscriptions on a transport that is being replaced. They flow until the new transport is connected. */
  readonly #onOldTransport = new Set<Subscription>()
  /** Publications for which the receiver has no codec. */
  readonly #unsupported = new WeakSet<Publication>()
  readonly #byId = new Map<string, Subscription>()
  readonly #changes: RateLimit
  readonly #keyFrames: RateLimit

  constructor(
    deps: Deps,
    receiver: Receiver,
    { rtpCapabilities, view }: { rtpCapabilities: types.RtpCapabilities; view: View },
  ) {
    this.#deps = deps
    this.#receiver = receiver
    this.#rtpCapabilities = rtpCapabilities
    this.#tiles = new VisibleTiles(view)
    this.#changes = new RateLimit(deps.clock, changeLimit)
    this.#keyFrames = new RateLimit(deps.clock, keyFrameLimit)
  }

  get all(): Subscription[] {
    return [...this.#entries.values()].flatMap(({ subscription }) => subscription ?? [])
  }

  views(): SubscriptionView[] {
    return this.all.map((subscription) => subscription.view())
  }

  async setVisibleTiles(tiles: Tile[]): Promise<void> {
    must(this.#changes.take(this.#tiles.countChanges(tiles)), 'request.too_many')
    this.#tiles.set(tiles)
    await this.reconcile()
  }

  /** Subscribes to everything again, on the new transport. */
  async moveToNewTransport(): Promise<void> {
    for (const subscription of this.all) this.#onOldTransport.add(subscription)
    this.#entries.clear()
    await this.reconcile()
  }

  /**
   * Brings the actual subscriptions to the wanted ones: what the room publishes, what the view shows, and what the receiver can take.
   * The browser hears of all new ones in one frame. Passes may overlap: a subscription that is being created counts as there.
   */
  async reconcile(publications = this.#receiver.offered): Promise<void> {
    for (const publication of publications)
      this.#entries.get(publication)?.subscription?.show(this.#tiles.sizeOf(publication))
    const missing = publications.filter((publication) => this.#isMissing(publication))
    missing.sort((a, b) => rank[a.source] - rank[b.source])
    const made = await Promise.all(missing.map((publication) => this.#subscribe(publication)))
    const subscriptions = made.flatMap((one) => (one && !one.closed ? one.view() : []))
    if (subscriptions.length > 0) this.#receiver.push({ type: 'subscriptions', subscriptions })
  }

  setReady(ids: string[]): void {
    const fresh = ids.flatMap((id) => this.#byId.get(id) ?? []).filter(({ isReady }) => !isReady)
    must(this.#changes.take(new Set(fresh).size + ids.length / idsPerToken), 'request.too_many')
    for (const subscription of fresh) subscription.setReady()
  }

  async requestKeyFrame(id: string): Promise<void> {
    must(this.#keyFrames.take(), 'request.too_many')
    await this.#byId.get(id)?.requestKeyFrame()
  }

  /** Wanted, possible and not there. */
  #isMissing(publication: Publication): boolean {
    if (publication.closed || this.#entries.has(publication) || this.#unsupported.has(publication)) return false
    // Subscriptions on an old transport do not count. There is at most one old transport.
    if (this.#entries.size >= callLimits.subscriptions) return false
    // A shared screen is subscribed even while it is hidden, so that it can be shown at once.
    return publication.source !== 'cam' || this.#tiles.sizeOf(publication) !== null
  }

  async #subscribe(publication: Publication): Promise<Subscription | undefined> {
    // The ones before it may have reached the limit.
    if (!this.#isMissing(publication)) return undefined
    const entry: Entry = { subscription: null }
    this.#entries.set(publication, entry)
    const transport = this.#receiver.receiveTransport
    const size = this.#tiles.sizeOf(publication)
    try {
      const options = { deps: this.#deps, publication, rtpCapabilities: this.#rtpCapabilities, size }
      const subscription = await Subscription.open(transport, options)
      if (!this.#receiver.ended && !transport.closed) return this.#keep(subscription, entry)
      subscription.close()
      this.#remove(publication, entry)
    } catch (error) {
      this.#remove(publication, entry)
      this.#handleFailure(publication, error)
    }
    return undefined
  }

  #keep(subscription: Subscription, entry: Entry): Subscription {
    const { publication } = subscription
    // While it was created, the view may have changed and the transport may have been replaced.
    const size = this.#tiles.sizeOf(publication)
    if ((size === null) !== subscription.hidden) subscription.show(size)
    if (this.#entries.get(publication) === entry) entry.subscription = subscription
    else this.#onOldTransport.add(subscription)
    this.#byId.set(subscription.id, subscription)
    subscription.on('changed', () => this.#receiver.push(subscription.frame()))
    subscription.once('closed', () => {
      this.#byId.delete(subscription.id)
      this.#onOldTransport.delete(subscription)
      this.#remove(publication, entry)
      this.#receiver.push({ type: 'subscriptionClosed', id: subscription.id })
    })
    return subscription
  }

  /** Waits for the next pass after a lost transport or a timeout, drops what can never work, and reports what must not happen. */
  #handleFailure(publication: Publication, error: unknown): void {
    switch (failureKind(error)) {
      case 'wait':
        return
      case 'drop':
        this.#unsupported.add(publication)
        return
      case 'report':
        this.#deps.log.error({ err: error, seat: publication.seatId }, 'a subscription failed for an unknown reason')
    }
  }

  #remove(publication: Publication, entry: Entry): void {
    if (this.#entries.get(publication) === entry) this.#entries.delete(publication)
  }
}

function failureKind(error: unknown): 'wait' | 'drop' | 'report' {
  if (!(error instanceof CallError)) return 'report'
  return error.cause instanceof errors.UnsupportedError ? 'drop' : 'wait'
}
