import type { types } from 'mediasoup'
import type { Deps } from '../deps.ts'
import type { Level, Quality } from '../signalling/frames.ts'
import type { Subscription } from './Subscription.ts'

export const goodQuality: Quality = { up: 'good', down: 'good', reason: null }

/** So many measurements in a row must agree before the quality changes: one bad second is not worth telling. */
const measurementsToChange = 2
/** The bandwidth estimate grows within so many measurements. A layer that stays small after them lacks bandwidth. */
const measurementsToGrow = 10
/** Above this delay people talk over each other. */
const slowMs = 600

/** What a measurement needs, and no more. */
type TransportState = { dtlsState: types.DtlsState }
type Sent = { paused: boolean; producer: { score: Pick<types.ProducerScore, 'score'>[] } }
type Received = { score: number | undefined; lacksBandwidth: boolean }
type Measured = {
  send: TransportState | undefined
  recv: TransportState | undefined
  publications: Sent[]
  subscriptions: Received[]
  delayMs: number
}

/** How well a peer's media arrives in both directions, without flicker. */
export class QualityMeter {
  #quality: Quality = goodQuality
  #disagreements = 0
  #measurementsWithoutBandwidth = 0

  /** Returns the same object until the quality changes. */
  update(measured: Measured): Quality {
    const isShort = measured.subscriptions.some(({ lacksBandwidth }) => lacksBandwidth)
    this.#measurementsWithoutBandwidth = isShort ? this.#measurementsWithoutBandwidth + 1 : 0
    const now = qualityOf(measured, this.#measurementsWithoutBandwidth >= measurementsToGrow)
    const { up, down, reason } = this.#quality
    const isSame = now.up === up && now.down === down && now.reason === reason
    this.#disagreements = isSame ? 0 : this.#disagreements + 1
    if (this.#disagreements < measurementsToChange) return this.#quality
    this.#disagreements = 0
    return (this.#quality = now)
  }
}

/** The delay of one subscription that flows: all of them share one transport. */
export async function measureDelayMs({ log }: Deps, subscriptions: Subscription[]): Promise<number> {
  const flowing = subscriptions.find(({ score }) => score !== undefined)
  try {
    return (await flowing?.roundTripMs()) ?? 0
  } catch (error) {
    log.debug({ err: error }, 'a subscription ended while its delay was measured')
    return 0
  }
}

/** The best score of each publication: browsers leave out large layers when bandwidth is short. Without a score yet it is left out. */
export function bestScores(publications: Sent[]): number[] {
  const scores = publications.filter(({ paused }) => !paused).map(({ producer }) => producer.score)
  return scores.filter((layers) => layers.length > 0).map((layers) => Math.max(...layers.map(({ score }) => score)))
}

function qualityOf({ send, recv, publications, subscriptions, delayMs }: Measured, lacksBandwidth: boolean): Quality {
  const up = send?.dtlsState === 'connected' ? levelOf(bestScores(publications)) : 'good'
  const arriving = subscriptions.flatMap(({ score }) => score ?? [])
  const arrival = recv?.dtlsState === 'connected' ? levelOf(arriving) : 'good'
  const down = arrival === 'good' && (lacksBandwidth || delayMs > slowMs) ? 'weak' : arrival
  if (up === 'good' && down === 'good') return goodQuality
  if (up !== 'good' || arrival !== 'good')
    return { up, down, reason: lacksBandwidth && up === 'good' ? 'bandwidth' : 'loss' }
  return { up, down, reason: lacksBandwidth ? 'bandwidth' : 'delay' }
}

function levelOf(scores: number[]): Level {
  const worst = Math.min(10, ...scores)
  if (worst >= 8) return 'good'
  return worst >= 5 ? 'weak' : 'bad'
}
