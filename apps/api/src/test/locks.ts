import { sql } from 'kysely'
import type { Deps } from '../deps.ts'

/** How many statements of this house wait for a lock. */
export async function lockWaits({ polls }: Pick<Deps, 'polls'>): Promise<number> {
  const { rows } = await sql<{ n: number }>`select count(*)::int as n from pg_stat_activity
    where datname = current_database() and wait_event_type = 'Lock'`.execute(polls)
  return rows[0]?.n ?? 0
}
