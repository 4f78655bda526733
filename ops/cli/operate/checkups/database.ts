import type { Client } from 'pg'
import { reason } from '../../errors.ts'
import { givenUpWork } from './given-up-work.ts'
import { broken, doubtful, fine, idle, type Finding, type CheckupInput } from './finding.ts'

export async function database({ settings, state }: CheckupInput): Promise<Finding[]> {
  const url = settings.databaseUrl ?? state?.databaseUrl
  if (!url) return [idle('Postgres', 'is embedded and starts with "./veche up"')]
  const { Client } = await import('pg')
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 5_000 })
  client.on('error', () => undefined)
  try {
    await client.connect()
    return [
      await version(client),
      await schema(client),
      await flush(client),
      await clock(client),
      ...(await givenUpWork(client).catch(() => [])),
    ]
  } catch (error) {
    const cure = settings.databaseUrl
      ? 'Check DATABASE_URL, and that the server runs and lets this machine in.'
      : 'The log postgres.log in the data folder says why.'
    return [broken('Postgres', `cannot be asked (${reason(error)})`, cure)]
  } finally {
    await client.end().catch(() => undefined)
  }
}

async function version(client: Client): Promise<Finding> {
  const { rows } = await client.query<{ version: string; number: number }>(
    `select current_setting('server_version') as version, current_setting('server_version_num')::int as number`,
  )
  const { version, number } = rows[0]!
  if (number < 150_000) return broken('Postgres', `${version} is too old`, 'Veche needs Postgres 15 or newer.')
  return fine('Postgres', version)
}

async function schema(client: Client): Promise<Finding> {
  const { newestMigration } = await import('@veche/db/migrate')
  const newest = await newestMigration()
  const { rows } = await client
    .query<{ name: string | null }>(`select max(name) as name from kysely_migration`)
    .catch(() => ({ rows: [{ name: null }] }))
  const applied = rows[0]?.name ?? 'none'
  if (applied === newest) return fine('Schema', `is at ${newest}`)
  const cure =
    applied > newest ? 'The database is of a newer release: run that release.' : '"./veche up" applies what is missing.'
  return broken('Schema', `is at ${applied}, and this release wants ${newest}`, cure)
}

/** Every sent message waits for this: a commit that is flushed to the disk. */
async function flush(client: Client): Promise<Finding> {
  const times: number[] = []
  for (let round = 0; round < 15; round++) {
    const start = performance.now()
    await client.query(`select pg_logical_emit_message(true, 'veche', 'doctor')`)
    times.push(performance.now() - start)
  }
  const median = times.sort((a, b) => a - b)[7]!
  const says = `a commit takes ${median.toFixed(1)} ms (median of 15)`
  return median > 30
    ? doubtful('Flush', says, 'Put the database on a faster disk: messages wait for it.')
    : fine('Flush', says)
}

async function clock(client: Client): Promise<Finding> {
  const asked = Date.now()
  const { rows } = await client.query<{ ms: number }>(
    `select (extract(epoch from clock_timestamp()) * 1000)::float8 as ms`,
  )
  const apart = Math.abs(rows[0]!.ms - (asked + Date.now()) / 2)
  return apart > 2_000
    ? broken(
        'Clocks',
        `the database and this machine are ${(apart / 1000).toFixed(0)} s apart`,
        'Let a time server keep both clocks.',
      )
    : fine('Clocks', 'the database and this machine agree')
}
