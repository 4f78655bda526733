import { pause, type Environment } from '#lib/live/environment.ts'

const TIMEOUT_MS = 1_000

type StatisticsSource = { getStats(): Promise<RTCStatsReport> }

/**
 * The statistics of a producer or consumer; null when it is closed, or when they do not come: Firefox never answers while the
 * connection is just being made.
 */
export async function statisticsOf(source: StatisticsSource, environment: Environment): Promise<RTCStatsReport | null> {
  const answered = new AbortController()
  const late = pause(environment, TIMEOUT_MS, answered.signal).then(() => null)
  try {
    return await Promise.race([source.getStats().catch(() => null), late])
  } finally {
    answered.abort()
  }
}
