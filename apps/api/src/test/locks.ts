import { sql } from 'kysely'
import type { Deps } from '../deps.ts'

/** How many statements of this database wait for a lock, of connections whose name begins so. */
export async function lockWaits({ polls }: Pick<Deps, 'polls'>, application = ''): Promise<number> {
  const { rows } = await sql<{ n: number }>`select count(*)::int as n from pg_stat_activity
    where datname = current_database() and wait_event_type = 'Lock'
      and starts_with(application_name, ${application})`.execute(polls)
  return rows[0]?.n ?? 0
}
