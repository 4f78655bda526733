import type { Client } from 'pg'
import { doubtful, type Finding } from './finding.ts'

/** Work of any kind that was given up. Features register their tables with the API; here a table of work is known by its columns. */
export async function givenUpWork(client: Client): Promise<Finding[]> {
  const tables = await workTables(client)
  if (!tables.length) return []
  const counts = tables.map(
    (table, at) =>
      `select $${at + 1} as name, count(*)::int as count from ${client.escapeIdentifier(table)} where state = 'given_up'`,
  )
  const { rows } = await client.query<{ name: string; count: number }>(counts.join(' union all '), tables)
  const found = rows.filter(({ count }) => count)
  if (!found.length) return []
  const list = found.map(({ name, count }) => `${count} in ${name}`).join(', ')
  return [
    doubtful(
      'Work',
      `could not be done and was given up: ${list}`,
      'Administration → Work shows the cause, and tries again.',
    ),
  ]
}

async function workTables(client: Client): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(
    `select table_name::text as name from information_schema.columns
     where table_schema = 'public' and column_name in ('state', 'attempts', 'retry_at', 'claimed_until', 'error')
     group by table_name having count(*) = 5 order by table_name`,
  )
  return rows.map(({ name }) => name)
}
