import type { TransportStats } from '../media/Transports.ts'
import type { Metrics } from '../metrics.ts'
import type { Publication } from './Publication.ts'
import { bestScores } from './QualityMeter.ts'
import type { Subscription } from './Subscription.ts'

/** Adds one second of a peer's media to the metrics of the node. */
export function recordMedia(
  metrics: Metrics,
  { send, recv, received, sent }: TransportStats,
  publications: Publication[],
  subscriptions: Subscription[],
): void {
  metrics.bytes.inc({ direction: 'in' }, received)
  metrics.bytes.inc({ direction: 'out' }, sent)
  if (send?.dtlsState === 'connected') metrics.loss.observe({ direction: 'in' }, send.rtpPacketLossReceived ?? 0)
  if (recv?.dtlsState === 'connected') metrics.loss.observe({ direction: 'out' }, recv.rtpPacketLossSent ?? 0)
  for (const score of bestScores(publications)) metrics.scores.observe({ direction: 'in' }, score)
  for (const { score } of subscriptions) if (score !== undefined) metrics.scores.observe({ direction: 'out' }, score)
}
