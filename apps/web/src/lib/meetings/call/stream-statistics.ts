import type { Environment } from '#lib/live/environment.ts'

const TIMEOUT_MS = 1_000

type Stats = { type: string } & Record<string, unknown>
type StatsSource = { getStats(): Promise<RTCStatsReport> }

/** A number in the statistics of a producer or consumer, by the type of its report; null when it is closed or has none. */
export async function findStat(
  source: StatsSource,
  [type, name]: [type: 'media-source' | 'inbound-rtp', name: string],
  environment: Environment,
): Promise<number | null> {
  const reports: Stats[] = [...((await reportsOf(source, environment))?.values() ?? [])]
  const values = reports.filter((report) => report.type === type).map((report) => report[name])
  return values.find((value) => typeof value === 'number') ?? null
}

/** Null when they do not come: Firefox never answers while the connection is just being made. */
function reportsOf(source: StatsSource, environment: Environment): Promise<RTCStatsReport | null> {
  return new Promise((resolve) => {
    const cancel = environment.after(TIMEOUT_MS, () => resolve(null))
    const answer = source.getStats().catch(() => null)
    void answer.then(resolve).finally(cancel)
  })
}
