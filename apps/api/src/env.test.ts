import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { foreignFilesOrigin, readEnv, s3Settings } from './env.ts'
import { poolSizes } from './platform/db.ts'

test('operators are told how many connections a process takes besides those for its work', () => {
  const { db, polls, liveReads, pipelines } = poolSizes(20)
  const others = polls + liveReads + pipelines
  const read = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8').replace(/\n\s+\*/g, '')
  expect({ db, others }).toEqual({ db: 20, others: 17 })
  expect(read('./env.ts')).toContain(
    `A process takes up to ${others} more: ${polls} for polls and sessions, ${liveReads} for live streams, and ${pipelines} for sends.`,
  )
  expect(read('../../../ops/README.md')).toContain(
    `It takes ${others} more: ${polls} for polls and sessions, ${liveReads} for live streams, ${pipelines} for sends.`,
  )
})

test('a trusted proxy that is no address and no network is reported together with the other wrong settings', () => {
  const problems = (list: string) => {
    try {
      readEnv({ TRUSTED_PROXIES: list, PORT: 'x' })
    } catch (error) {
      return String(error)
    }
    return ''
  }
  expect(problems('10.0.0.0/33, proxy.local')).toMatch(/TRUSTED_PROXIES[\s\S]*PORT|PORT[\s\S]*TRUSTED_PROXIES/)
  expect(problems('10.0.0.0/8, ::1, loopback')).not.toContain('TRUSTED_PROXIES')
})

test('the settings of S3 come together, and what is missing is named', () => {
  const needed = { DATABASE_URL: 'x', REDIS_URL: 'x', VECHE_SECRET: 'x'.repeat(32), VECHE_DATA: 'x' }
  const some = {
    S3_ENDPOINT: 'https://s3.example.org/',
    S3_REGION: 'us-east-1',
    S3_BUCKET: 'veche',
    S3_ACCESS_KEY: 'key',
  }
  expect(() => readEnv({ ...needed, ...some })).toThrow(/S3_SECRET_KEY: is missing/)
  expect(() => readEnv({ ...needed, S3_ENDPOINT: 'ftp://x', S3_BUCKET: 'A/B' })).toThrow(/S3_ENDPOINT[^]*S3_BUCKET/)
  const all = { ...needed, ...some, S3_SECRET_KEY: 'secret', S3_PREFIX: 'chat/' }
  expect(() => readEnv({ ...all, FILE_MAX_BYTES: '100000000000' })).toThrow(/FILE_MAX_BYTES/)
  const env = readEnv(all)
  expect(s3Settings(env)).toMatchObject({ endpoint: 'https://s3.example.org', prefix: 'chat/main/' })
  expect(s3Settings(readEnv(needed))).toBeNull()
  expect(foreignFilesOrigin(env)).toBeNull()
  const byHost = readEnv({ ...all, S3_ADDRESSING: 'host', FILES_SIGNED_URLS: 'on' })
  expect(foreignFilesOrigin(byHost)).toBe('https://veche.s3.example.org')
})
