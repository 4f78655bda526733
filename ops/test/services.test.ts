import { Client } from 'pg'
import { Redis } from 'ioredis'
import { expect, test } from 'vitest'

test('tests get a Postgres with Russian search and trigrams, as a superuser', async () => {
  const client = new Client({ connectionString: process.env['TEST_DATABASE_URL'] })
  await client.connect()
  await client.query('create extension if not exists pg_trgm')
  const { rows } = await client.query<{ trigrams: string[]; lower: string; found: boolean; version: string }>(
    `select show_trgm('Вече') as trigrams, lower('ЁЖ') as lower, to_tsvector('russian', 'собрания') @@ to_tsquery('russian', 'собрание') as found,
      current_setting('server_version') as version`,
  )
  await client.end()
  expect(rows[0]).toMatchObject({ lower: 'ёж', found: true })
  expect(rows[0]!.trigrams).toHaveLength(5)
})

test('tests get a Redis that evicts nothing', async () => {
  const redis = new Redis(process.env['TEST_REDIS_URL']!)
  expect(await redis.config('GET', 'maxmemory-policy')).toEqual(['maxmemory-policy', 'noeviction'])
  redis.disconnect()
})
