import type { SeatId } from '@veche/shared/ids'
import { limits } from '@veche/shared/limits'
import type { types } from 'mediasoup'
import type { Deps } from '../deps.ts'
import { CallError } from '../errors.ts'
import type { SubscriptionView } from '../signalling/frames.ts'
import { Feed } from './Subscription.ts'
import type { Tile, View } from '../signalling/inputs.ts'
import type { Size } from './layers.ts'
import type { Own } from './Publication.ts'
import type { Peer } from './Peer.ts'

/** The size of a picture that nobody named: a tile of a full page. */
const small: Size = { width: 320, height: 180 }
const screen: Size = { width: 1920, height: 1080 }
const sound: Size = { width: 0, height: 0 }
const order = { mic: 0, screenSound: 1, screen: 2, cam: 3 }

/** A stream in the room, and whose it is. */
export type Offer = { own: Own; seatId: SeatId }

/** What a peer receives: all sound, the screen, and the cameras it has had on its screen; what is hidden is paused and kept. */
export class Consuming {
  readonly #deps: Deps
  readonly #peer: Peer
  readonly #rtpCapabilities: types.RtpCapabilities
  /** By producer; without a feed while it is being made. */
  readonly #slots = new Map<string, { feed: Feed | null }>()
  /** On a transport that is being replaced: they flow until the new one is connected. */
  readonly #leaving = new Set<Feed>()
  readonly #page = new Set<Own>()
  #tiles: Tile[]
  #first: number

  constructor(deps: Deps, peer: Peer, rtpCapabilities: types.RtpCapabilities, view: View) {
    this.#deps = deps
    this.#peer = peer
    this.#rtpCapabilities = rtpCapabilities
    this.#tiles = view.tiles
    this.#first = view.first
  }

  get feeds(): Feed[] {
    return [...this.#slots.values()].flatMap(({ feed }) => feed ?? [])
  }

  views(): SubscriptionView[] {
    return this.feeds.map((feed) => feed.view())
  }

  /** What is on the screen now. */
  async see(tiles: Tile[]): Promise<void> {
    this.#tiles = tiles
    this.#first = 0
    for (const feed of this.feeds) feed.show(this.#sizeOf(feed.own, feed.seatId))
    await this.take(this.#peer.room.offersFor(this.#peer))
  }

  /** Begins to receive what is wanted of these and is not there yet; the browser hears of all of them at once. */
  async take(offers: Offer[]): Promise<void> {
    const wanted = offers
      .filter((offer) => this.#wants(offer))
      .sort((a, b) => order[a.own.source] - order[b.own.source])
    const made = await Promise.all(wanted.map((offer) => this.#open(offer)))
    const subscriptions = made.filter((feed) => feed !== undefined && !feed.closed).map((feed) => feed!.view())
    if (subscriptions.length > 0) this.#peer.push({ type: 'subscriptions', subscriptions })
  }

  ready(ids: string[]): void {
    for (const id of ids) this.#find(id)?.ready()
  }

  async refresh(id: string): Promise<void> {
    await this.#find(id)?.refresh()
  }

  /** All of it once more, over the newest transport. */
  async renew(): Promise<void> {
    for (const feed of this.feeds) this.#leaving.add(feed)
    this.#slots.clear()
    await this.take(this.#peer.room.offersFor(this.#peer))
  }

  #wants({ own, seatId }: Offer): boolean {
    if (own.closed || this.#slots.has(own.id)) return false
    // Those that leave are on another transport, of which there is one at most.
    if (this.#slots.size >= limits.call.subscriptions) return false
    return own.source !== 'cam' || this.#sizeOf(own, seatId) !== null
  }

  async #open({ own, seatId }: Offer): Promise<Feed | undefined> {
    // Others may have been begun since it was wanted.
    if (!this.#wants({ own, seatId })) return undefined
    const slot: { feed: Feed | null } = { feed: null }
    this.#slots.set(own.id, slot)
    const transport = this.#peer.transports.newest('recv')
    const size = this.#sizeOf(own, seatId)
    try {
      const feed = await Feed.open(transport, {
        deps: this.#deps,
        own,
        seatId,
        rtpCapabilities: this.#rtpCapabilities,
        size,
      })
      if (!this.#peer.ended && !transport.closed) return this.#keep(feed, slot)
      feed.close()
      this.#free(own.id, slot)
      return undefined
    } catch (error) {
      this.#free(own.id, slot)
      // A stream that ended meanwhile is nothing to speak of; neither is one that this browser cannot play.
      if (!(error instanceof CallError)) this.#deps.log.error({ err: error }, 'an unexpected error')
      return undefined
    }
  }

  #free(id: string, slot: object): void {
    if (this.#slots.get(id) === slot) this.#slots.delete(id)
  }

  #keep(feed: Feed, slot: { feed: Feed | null }): Feed {
    const { id } = feed.own
    // What is on the screen may have changed while it was made, and the transport been renewed.
    const size = this.#sizeOf(feed.own, feed.seatId)
    if ((size === null) !== feed.hidden) feed.show(size)
    if (this.#slots.get(id) === slot) slot.feed = feed
    else this.#leaving.add(feed)
    feed.onFrame = (frame) => {
      if (feed.closed) {
        this.#leaving.delete(feed)
        this.#free(id, slot)
      }
      this.#peer.push(frame)
    }
    return feed
  }

  /** How large it is shown; null: not at all. Sound has no size and is always heard. */
  #sizeOf(own: Own, seatId: SeatId): Size | null {
    if (own.source === 'mic' || own.source === 'screenSound') return sound
    const tile = this.#tiles.find((one) => one.seatId === seatId && one.source === own.source)
    if (tile) return tile
    if (this.#first === 0) return null
    if (own.source === 'screen') return screen
    return this.#onFirstPage(own) ? small : null
  }

  #onFirstPage(own: Own): boolean {
    if (this.#page.has(own)) return true
    for (const one of this.#page) if (one.closed) this.#page.delete(one)
    if (this.#page.size >= this.#first) return false
    this.#page.add(own)
    return true
  }

  #find(id: string): Feed | undefined {
    return this.feeds.find((feed) => feed.id === id) ?? [...this.#leaving].find((feed) => feed.id === id)
  }
}
