import { EventEmitter } from 'node:events'
import type { SeatId } from '@veche/shared/ids'
import type { Source } from '@veche/shared/meetings'
import type { types } from 'mediasoup'
import type { Deps } from '../deps.ts'
import { withTimeout } from '../media/timeout.ts'
import type { RoomFrame, SubscriptionView } from '../signalling/frames.ts'
import { layerFor, priorityOf, type Size } from './layers.ts'
import type { Publication } from './Publication.ts'

type SubscriptionOptions = {
  deps: Deps
  publication: Publication
  rtpCapabilities: types.RtpCapabilities
  /** The size at which it is shown, or null when it is hidden. */
  size: Size | null
}

type SubscriptionEvents = {
  /** It was paused, hidden or shown, or another layer is sent. */
  changed: []
  closed: []
}

/** One publication on its way to one receiver. It flows when the browser is ready for it and shows it. */
export class Subscription extends EventEmitter<SubscriptionEvents> {
  readonly publication: Publication
  readonly transportId: string
  readonly #deps: Deps
  readonly #consumer: types.Consumer
  #size: Size | null
  /** The browser can take it. */
  isReady = false
  /** Resolves when the media worker does what was wanted last. */
  settled: Promise<void> = Promise.resolve()
  #layer: number | undefined
  #priority: number | undefined

  static async open(transport: types.Transport, options: SubscriptionOptions): Promise<Subscription> {
    const { deps, publication, rtpCapabilities } = options
    const request = transport.consume({ producerId: publication.id, rtpCapabilities, paused: true })
    const consumer = await withTimeout(deps, request, (late) => late.close())
    return new Subscription(consumer, transport.id, options)
  }

  private constructor(consumer: types.Consumer, transportId: string, { deps, publication, size }: SubscriptionOptions) {
    super()
    this.#deps = deps
    this.publication = publication
    this.transportId = transportId
    this.#consumer = consumer
    this.#size = size
    deps.metrics.subscriptions.inc({ source: this.source })
    consumer.observer.once('close', () => {
      deps.metrics.subscriptions.dec({ source: this.source })
      this.emit('closed')
    })
    for (const event of ['producerpause', 'producerresume', 'layerschange'] as const)
      consumer.on(event, () => this.emit('changed'))
    this.#settle()
  }

  get id(): string {
    return this.#consumer.id
  }

  get seatId(): SeatId {
    return this.publication.seatId
  }

  get source(): Source {
    return this.publication.source
  }

  get hidden(): boolean {
    return this.#size === null
  }

  get closed(): boolean {
    return this.#consumer.closed
  }

  /** How well it arrives, from 0 to 10. Undefined while nothing should arrive. */
  get score(): number | undefined {
    const flows = this.isReady && !this.hidden && !this.#consumer.producerPaused && !this.closed
    return flows ? this.#consumer.score.score : undefined
  }

  /**
   * No layer of a picture is sent although its owner sends it: the receiver has bandwidth for none, or a key frame has not come yet.
   * Undefined while nothing should arrive, and for streams without layers, which are always sent.
   */
  get isStarved(): boolean | undefined {
    const flows = this.score !== undefined && this.publication.producer.score.some(({ score }) => score > 0)
    if (!flows || this.#consumer.type !== 'simulcast') return undefined
    return this.#consumer.currentLayers === undefined
  }

  /** A smaller layer is sent than the tile needs and the owner sends, because the receiver has too little bandwidth. */
  get lacksBandwidth(): boolean {
    const layer = this.#consumer.currentLayers?.spatialLayer
    if (this.score === undefined || layer === undefined || this.#layer === undefined) return false
    return layer < Math.min(this.#layer, this.publication.largestLayer)
  }

  /** The round trip time in milliseconds, as the browser reports it. */
  async roundTripMs(): Promise<number | undefined> {
    const stats = await withTimeout(this.#deps, this.#consumer.getStats())
    return stats.flatMap((stat) => (stat.type === 'outbound-rtp' ? (stat.roundTripTime ?? []) : []))[0]
  }

  view(): SubscriptionView {
    return {
      id: this.id,
      transportId: this.transportId,
      publicationId: this.publication.id,
      seatId: this.seatId,
      source: this.source,
      kind: this.#consumer.kind,
      rtpParameters: this.#consumer.rtpParameters,
      publicationPaused: this.#consumer.producerPaused,
      hidden: this.hidden,
    }
  }

  frame(): Extract<RoomFrame, { type: 'subscription' }> {
    return {
      type: 'subscription',
      id: this.id,
      publicationPaused: this.#consumer.producerPaused,
      hidden: this.hidden,
      layer: this.#consumer.currentLayers?.spatialLayer ?? null,
    }
  }

  setReady(): void {
    this.isReady = true
    this.#settle()
  }

  /** Shows it at this size, or hides it (null). */
  show(size: Size | null): void {
    const isOther = (size === null) !== this.hidden
    this.#size = size
    if (isOther) this.emit('changed')
    this.#settle()
  }

  async requestKeyFrame(): Promise<void> {
    await withTimeout(this.#deps, this.#consumer.requestKeyFrame())
  }

  close(): void {
    this.#consumer.close()
  }

  /** Brings the media worker to what is wanted, one request after the other, because the wish may change meanwhile. */
  #settle(): void {
    this.settled = this.settled.then(async () => {
      try {
        await this.#applyLayer()
        await this.#applyPause()
      } catch (error) {
        if (!this.closed) this.#deps.log.warn({ err: error, seat: this.seatId }, 'a subscription could not be changed')
      }
    })
  }

  async #applyPause(): Promise<void> {
    const paused = !this.isReady || this.hidden
    if (this.closed || this.#consumer.paused === paused) return
    await withTimeout(this.#deps, paused ? this.#consumer.pause() : this.#consumer.resume())
  }

  async #applyLayer(): Promise<void> {
    const size = this.#size
    if (!size || this.closed || this.#consumer.kind === 'audio') return
    const count = this.publication.producer.rtpParameters.encodings?.length ?? 1
    const layer = layerFor(this.source, count, size)
    if (this.#consumer.type === 'simulcast' && layer !== this.#layer) {
      this.#layer = layer
      await withTimeout(this.#deps, this.#consumer.setPreferredLayers({ spatialLayer: layer }))
    }
    const priority = priorityOf(this.source, size)
    if (priority === this.#priority || this.closed) return
    this.#priority = priority
    await withTimeout(this.#deps, this.#consumer.setPriority(priority))
  }
}
