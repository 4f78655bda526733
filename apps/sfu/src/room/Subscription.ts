import type { SeatId } from '@veche/shared/ids'
import type { Source } from '@veche/shared/meetings'
import type { types } from 'mediasoup'
import type { Deps } from '../deps.ts'
import type { SubscriptionView, RoomFrame } from '../signalling/frames.ts'
import { layerFor, priorityOf, type Size } from './layers.ts'
import type { Own } from './Publication.ts'
import { within } from '../media/timeout.ts'

export type FeedOptions = {
  deps: Deps
  own: Own
  seatId: SeatId
  rtpCapabilities: types.RtpCapabilities
  size: Size | null
}

/** One stream on its way to one peer. It flows when the browser is ready for it and shows it; `size` null: it does not. */
export class Feed {
  readonly own: Own
  readonly seatId: SeatId
  readonly transportId: string
  onFrame: (frame: RoomFrame) => void = () => undefined
  readonly #deps: Deps
  readonly #consumer: types.Consumer
  #size: Size | null
  #ready = false
  /** Resolves when the media worker does what was wanted last. */
  settled: Promise<void> = Promise.resolve()
  #layer: number | undefined
  #priority: number | undefined

  static async open(transport: types.Transport, options: FeedOptions): Promise<Feed> {
    const { deps, own, rtpCapabilities } = options
    const made = transport.consume({ producerId: own.id, rtpCapabilities, paused: true })
    return new Feed(await within(deps, made, (late) => late.close()), transport.id, options)
  }

  private constructor(consumer: types.Consumer, transportId: string, { deps, own, seatId, size }: FeedOptions) {
    this.#deps = deps
    this.own = own
    this.seatId = seatId
    this.transportId = transportId
    this.#consumer = consumer
    this.#size = size
    deps.metrics.subscriptions.inc({ source: own.source })
    consumer.observer.once('close', () => this.#gone())
    for (const event of ['producerpause', 'producerresume', 'layerschange'] as const)
      consumer.on(event, () => this.#tell())
    this.#settle()
  }

  get id(): string {
    return this.#consumer.id
  }

  get source(): Source {
    return this.own.source
  }

  get hidden(): boolean {
    return this.#size === null
  }

  get closed(): boolean {
    return this.#consumer.closed
  }

  /** How it arrives, from 0 to 10; undefined when nothing is to arrive. */
  get score(): number | undefined {
    const flows = this.#ready && !this.hidden && !this.#consumer.producerPaused && !this.closed
    return flows ? this.#consumer.score.score : undefined
  }

  /** A smaller layer is sent than its tile asks for and its owner sends: there is not enough room for it. */
  get squeezed(): boolean {
    const layer = this.#consumer.currentLayers?.spatialLayer
    if (this.score === undefined || layer === undefined || this.#layer === undefined) return false
    return layer < Math.min(this.#layer, this.own.largest)
  }

  /** How long a packet and its report take, in milliseconds, as the browser reports it. */
  async roundTrip(): Promise<number | undefined> {
    const stats = await within(this.#deps, this.#consumer.getStats())
    return stats.flatMap((stat) => (stat.type === 'outbound-rtp' ? (stat.roundTripTime ?? []) : []))[0]
  }

  view(): SubscriptionView {
    return {
      id: this.id,
      transportId: this.transportId,
      publicationId: this.own.id,
      seatId: this.seatId,
      source: this.source,
      kind: this.#consumer.kind,
      rtpParameters: this.#consumer.rtpParameters,
      publicationPaused: this.#consumer.producerPaused,
      hidden: this.hidden,
    }
  }

  ready(): void {
    this.#ready = true
    this.#settle()
  }

  show(size: Size | null): void {
    const turned = (size === null) !== this.hidden
    this.#size = size
    if (turned) this.#tell()
    this.#settle()
  }

  async refresh(): Promise<void> {
    await within(this.#deps, this.#consumer.requestKeyFrame())
  }

  close(): void {
    this.#consumer.close()
  }

  #gone(): void {
    this.#deps.metrics.subscriptions.dec({ source: this.source })
    this.onFrame({ type: 'subscriptionClosed', id: this.id })
  }

  #tell(): void {
    const layer = this.#consumer.currentLayers?.spatialLayer ?? null
    this.onFrame({
      type: 'subscription',
      id: this.id,
      publicationPaused: this.#consumer.producerPaused,
      hidden: this.hidden,
      layer,
    })
  }

  /** Brings the media worker to what is wanted, one question after the other; what is wanted may change meanwhile. */
  #settle(): void {
    this.settled = this.settled.then(async () => {
      try {
        await this.#layers()
        await this.#flow()
      } catch (error) {
        if (!this.closed) this.#deps.log.warn({ err: error, seat: this.seatId }, 'a stream could not be changed')
      }
    })
  }

  async #flow(): Promise<void> {
    const paused = !this.#ready || this.hidden
    if (this.closed || this.#consumer.paused === paused) return
    await within(this.#deps, paused ? this.#consumer.pause() : this.#consumer.resume())
  }

  async #layers(): Promise<void> {
    const size = this.#size
    if (!size || this.closed || this.#consumer.kind === 'audio') return
    const count = this.own.producer.rtpParameters.encodings?.length ?? 1
    const layer = layerFor(this.source, count, size)
    if (this.#consumer.type === 'simulcast' && layer !== this.#layer) {
      this.#layer = layer
      await within(this.#deps, this.#consumer.setPreferredLayers({ spatialLayer: layer }))
    }
    const priority = priorityOf(this.source, size)
    if (priority === this.#priority || this.closed) return
    this.#priority = priority
    await within(this.#deps, this.#consumer.setPriority(priority))
  }
}
