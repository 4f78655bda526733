import type { Deps } from '../deps.ts'
import type { Quality } from '../signalling/frames.ts'
import { recordMedia } from './media-metrics.ts'
import type { Peer } from './Peer.ts'
import { measureDelayMs, QualityMeter } from './QualityMeter.ts'

type Measured = { hasMedia: boolean; quality: Quality }

/** Measures the media of a peer once a second, and enforces the bitrate limits of what it sends. */
export class PeerMeter {
  readonly #deps: Deps
  readonly #peer: Pick<Peer, 'seatId' | 'transports' | 'publications' | 'subscriptions' | 'ended'>
  readonly #quality = new QualityMeter()
  /** The media worker has not answered yet. */
  isMeasuring = false

  constructor(deps: Deps, peer: Peer) {
    this.#deps = deps
    this.#peer = peer
  }

  /** Returns null when the media worker did not answer, or nothing of the peer matters any more but what it sends. */
  async measure(): Promise<Measured | null> {
    this.isMeasuring = true
    try {
      return await this.#measure()
    } catch (error) {
      this.#deps.log.debug({ err: error, seat: this.#peer.seatId }, 'a peer could not be measured')
      return null
    } finally {
      this.isMeasuring = false
    }
  }

  async #measure(): Promise<Measured | null> {
    const { transports, publications, subscriptions } = this.#peer
    const stats = await transports.measure()
    await publications.enforceBitrate(stats.streams, stats.seconds)
    // A replaced peer still sends for a while, and its limits still hold; nothing else of it matters.
    if (this.#peer.ended) return null
    recordMedia(this.#deps.metrics, stats, publications.all, subscriptions.all)
    const delayMs = await measureDelayMs(this.#deps, subscriptions.all)
    const { send, recv, received } = stats
    const streams = { publications: publications.all, subscriptions: subscriptions.all }
    return { hasMedia: received > 0, quality: this.#quality.update({ send, recv, ...streams, delayMs }) }
  }
}
