import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { readEnv } from './env.ts'
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
