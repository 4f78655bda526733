import type { types } from 'mediasoup'
import type { Deps } from '../deps.ts'
import type { Feed } from './Subscription.ts'
import type { Level, Quality } from '../signalling/frames.ts'
import type { Metrics } from '../metrics.ts'
import type { Own } from './Publication.ts'
import type { WayStats } from '../media/Transports.ts'

export const good: Quality = { up: 'good', down: 'good', reason: null }

/** So many looks in a row have to agree before a mark changes: one bad second is nothing to tell. */
const patience = 2
/** A way grows to its size within so many looks: what stays small after them is a lack of room. */
const growth = 10
/** Above this, in milliseconds, people talk over each other. */
const slow = 600

/** What is looked at, and no more. */
type Way = { dtlsState: types.DtlsState }
type Sent = { paused: boolean; producer: { score: Pick<types.ProducerScore, 'score'>[] } }
type Received = { score: number | undefined; squeezed: boolean }
type Seen = { send: Way | undefined; recv: Way | undefined; producing: Sent[]; feeds: Received[]; delay: number }

/** How a peer's media arrives, both ways, in words that do not flicker. */
export class Scales {
  #said: Quality = good
  #doubts = 0
  #squeezes = 0

  /** The same object for as long as nothing new is to be said. */
  weigh(seen: Seen): Quality {
    this.#squeezes = seen.feeds.some(({ squeezed }) => squeezed) ? this.#squeezes + 1 : 0
    const now = look(seen, this.#squeezes >= growth)
    const { up, down, reason } = this.#said
    const same = now.up === up && now.down === down && now.reason === reason
    this.#doubts = same ? 0 : this.#doubts + 1
    if (this.#doubts < patience) return this.#said
    this.#doubts = 0
    return (this.#said = now)
  }
}

/** Of one stream that flows: all of them take the same way. */
export async function delayOf({ log }: Deps, feeds: Feed[]): Promise<number> {
  const flowing = feeds.find(({ score }) => score !== undefined)
  try {
    return (await flowing?.roundTrip()) ?? 0
  } catch (error) {
    log.debug({ err: error }, 'a stream ended while it was measured')
    return 0
  }
}

export function note(
  metrics: Metrics,
  { send, recv, received, sent }: WayStats,
  producing: Own[],
  feeds: Feed[],
): void {
  metrics.bytes.inc({ direction: 'in' }, received)
  metrics.bytes.inc({ direction: 'out' }, sent)
  if (send?.dtlsState === 'connected') metrics.loss.observe({ direction: 'in' }, send.rtpPacketLossReceived ?? 0)
  if (recv?.dtlsState === 'connected') metrics.loss.observe({ direction: 'out' }, recv.rtpPacketLossSent ?? 0)
  for (const score of scoresOf(producing)) metrics.scores.observe({ direction: 'in' }, score)
  for (const { score } of feeds) if (score !== undefined) metrics.scores.observe({ direction: 'out' }, score)
}

function look({ send, recv, producing, feeds, delay }: Seen, squeezed: boolean): Quality {
  const up = send?.dtlsState === 'connected' ? level(scoresOf(producing)) : 'good'
  const heard = recv?.dtlsState === 'connected' ? level(feeds.flatMap(({ score }) => score ?? [])) : 'good'
  const down = heard === 'good' && (squeezed || delay > slow) ? 'weak' : heard
  if (up === 'good' && down === 'good') return good
  if (up !== 'good' || heard !== 'good') return { up, down, reason: squeezed && up === 'good' ? 'bandwidth' : 'loss' }
  return { up, down, reason: squeezed ? 'bandwidth' : 'delay' }
}

/** Of several layers the best that arrives: browsers leave out the large ones when there is no room. None yet: nothing to say. */
function scoresOf(producing: Sent[]): number[] {
  const flowing = producing.filter(({ paused }) => !paused).map(({ producer }) => producer.score)
  return flowing.filter((scores) => scores.length > 0).map(best)
}

function best(scores: Sent['producer']['score']): number {
  return Math.max(...scores.map(({ score }) => score))
}

function level(scores: number[]): Level {
  const worst = Math.min(10, ...scores)
  if (worst >= 8) return 'good'
  return worst >= 5 ? 'weak' : 'bad'
}
