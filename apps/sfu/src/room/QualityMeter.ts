import type { types } from 'mediasoup'
import type { Deps } from '../deps.ts'
import type { Level, Quality } from '../signalling/frames.ts'
import type { Subscription } from './Subscription.ts'

export const goodQuality: Quality = { up: 'good', down: 'good', reason: null }

/** How many measurements in a row must agree before the quality changes: one bad second is not worth telling. */
const measurementsToChange = 2
/** The bandwidth estimate grows within this many measurements. A layer that stays small after them lacks bandwidth. */
const measurementsToGrow = 10
/** How many measurements may pass until the key frames of new pictures have come. */
const measurementsToStart = 3
/** Above this delay people talk over each other. */
const slowMs = 600

const levels: Level[] = ['bad', 'weak', 'good']

/** What a measurement needs, and no more. */
type TransportState = { dtlsState: types.DtlsState }
type Sent = { paused: boolean; producer: { score: Pick<types.ProducerScore, 'score'>[] } }
type Received = { score: number | undefined; lacksBandwidth: boolean; isStarved: boolean | undefined }
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
  #measurementsOfStarvation = 0

  /** Returns the same object until the quality changes. */
  update(measured: Measured): Quality {
    const now = qualityOf(measured, this.#measureBandwidth(measured.subscriptions))
    const { up, down, reason } = this.#quality
    const isSame = now.up === up && now.down === down && now.reason === reason
    this.#disagreements = isSame ? 0 : this.#disagreements + 1
    if (this.#disagreements < measurementsToChange) return this.#quality
    this.#disagreements = 0
    return (this.#quality = now)
  }

  #measureBandwidth(subscriptions: Received[]): Level {
    const isShort = subscriptions.some(({ lacksBandwidth, isStarved }) => lacksBandwidth || isStarved)
    this.#measurementsWithoutBandwidth = isShort ? this.#measurementsWithoutBandwidth + 1 : 0
    this.#measurementsOfStarvation = areMostStarved(subscriptions) ? this.#measurementsOfStarvation + 1 : 0
    if (this.#measurementsOfStarvation > measurementsToStart) return 'bad'
    return this.#measurementsWithoutBandwidth >= measurementsToGrow ? 'weak' : 'good'
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

/** Nothing, or almost nothing, arrives of the pictures that should be shown. */
function areMostStarved(subscriptions: Received[]): boolean {
  const pictures = subscriptions.flatMap(({ isStarved }) => isStarved ?? [])
  return pictures.length > 0 && pictures.filter(Boolean).length * 2 > pictures.length
}

function qualityOf({ send, recv, publications, subscriptions, delayMs }: Measured, bandwidth: Level): Quality {
  const up = send?.dtlsState === 'connected' ? levelOf(bestScores(publications)) : 'good'
  const isReceiving = recv?.dtlsState === 'connected'
  const arrival = isReceiving ? levelOf(subscriptions.flatMap(({ score }) => score ?? [])) : 'good'
  const shortage = isReceiving ? bandwidth : 'good'
  const delay = delayMs > slowMs ? 'weak' : 'good'
  const down = worst(arrival, shortage, delay)
  if (up === 'good' && down === 'good') return goodQuality
  if (up === 'good' && shortage !== 'good') return { up, down, reason: 'bandwidth' }
  return { up, down, reason: up !== 'good' || arrival !== 'good' ? 'loss' : 'delay' }
}

function worst(...all: Level[]): Level {
  return levels.find((level) => all.includes(level)) ?? 'good'
}

function levelOf(scores: number[]): Level {
  const lowest = Math.min(10, ...scores)
  if (lowest >= 8) return 'good'
  return lowest >= 5 ? 'weak' : 'bad'
}
