import { absencesByMember, memberKey } from './absences.ts'
import type { Outage, StormRecord } from './record.ts'

export type Delays = { withRedis: number[]; withoutRedis: number[] }

/**
 * The time from a message's timestamp in the database to its arrival on the other devices that stayed online. Delays from a dead
 * Postgres, a cut socket or a new member are left out.
 */
export function delays(record: StormRecord): Delays {
  const written = new Map(record.stored.map((row) => [`${row.chatId} ${row.seq}`, row]))
  const away = absencesByMember(record.stored)
  const outages = (of: Outage['of']) => record.outages.filter((outage) => outage.of === of)
  const [postgres, redis] = [outages('postgres'), outages('redis')]
  const found: Delays = { withRedis: [], withoutRedis: [] }
  for (const sighting of record.sightings) {
    const row = written.get(`${sighting.chatId} ${sighting.seq}`)
    if (!row || !sighting.steady || row.author === sighting.userId || overlaps(postgres, row.at, sighting.at)) continue
    if (away.get(memberKey(sighting))?.some(({ to, until }) => row.seq <= to && until <= sighting.at)) continue
    const delay = Math.max(0, sighting.at - row.at)
    if (overlaps(redis, row.at, sighting.at)) found.withoutRedis.push(delay)
    else found.withRedis.push(delay)
  }
  return { withRedis: sorted(found.withRedis), withoutRedis: sorted(found.withoutRedis) }
}

function overlaps(outages: Outage[], from: number, to: number): boolean {
  return outages.some((outage) => outage.from <= to && outage.to >= from)
}

function sorted(values: number[]): number[] {
  return values.sort((a, b) => a - b)
}
