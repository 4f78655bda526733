import { serverLimits } from '@veche/shared/server-limits'
import { expect, test } from 'vitest'
import { newUser } from '../test/builders.ts'
import { newTestApi } from '../test/harness.ts'
import { outcomeOf } from '../test/outcome.ts'
import { newBrowser } from '../test/http/browser.ts'

test('a rate limit counts each user alone, for all processes together', async () => {
  const testApi = await newTestApi()
  const other = testApi.anotherProcess()
  await expect.poll(() => other.redis.status).toBe('ready')
  for (let i = 0; i < 60; i += 1) {
    await testApi.deps.limits.take('open', 'one')
    await other.limits.take('open', 'one')
  }
  await expect(testApi.deps.limits.take('open', 'one')).rejects.toMatchObject({
    code: 'request.too_many',
    details: { retryAfterSeconds: expect.any(Number) },
  })
  expect(await outcomeOf(other.limits.take('open', 'one'))).toBe('request.too_many')
  expect(await outcomeOf(testApi.deps.limits.take('open', 'two'))).toBe('ok')
  expect(await outcomeOf(testApi.deps.limits.take('read', 'one'))).toBe('ok')
})

test('while Redis is away each process counts for itself, without waiting', async () => {
  const testApi = await newTestApi({ REDIS_URL: '/nonexistent/redis.sock' })
  const startedAt = performance.now()
  for (let i = 0; i < 120; i += 1) await testApi.deps.limits.take('open', 'one')
  expect(await outcomeOf(testApi.deps.limits.take('open', 'one'))).toBe('request.too_many')
  expect(performance.now() - startedAt).toBeLessThan(20_000)
})

test('the addresses of one IPv6 household share a rate limit', async () => {
  const testApi = await newTestApi()
  await expect.poll(() => testApi.deps.redis.status).toBe('ready')
  const asked = (ip: string) => outcomeOf(newBrowser(testApi.deps, { ip }).api.auth.invite({ token: 'x'.repeat(43) }))
  const outcomes = new Set<string>()
  for (let i = 0; i < 121; i += 1) outcomes.add(await asked(`2001:db8:1:2::${i.toString(16)}`))
  expect(outcomes).toEqual(new Set(['ok', 'request.too_many']))
  expect(await asked('2001:db8:1:3::1')).toBe('ok')
})

test('what a device fetches is limited by its size: two devices with five thousand chats are not refused, more is told how long to wait', async () => {
  const { deps } = await newTestApi()
  await expect.poll(() => deps.redis.status).toBe('ready')
  const { userId } = await newUser(deps)
  const fetch = async (rows: number) => {
    await deps.limits.take('sync', userId)
    await deps.limits.countSyncedRows(userId, rows)
  }
  for (let device = 0; device < 2; device += 1) {
    for (let page = 0; page < 26; page += 1) await fetch(200 * 4)
    for (let page = 0; page < 10; page += 1) await fetch(serverLimits.sync.rows)
    for (let state = 0; state < 3; state += 1) await fetch(serverLimits.sync.stateRows)
  }
  await fetch(200_000)
  await expect(deps.limits.take('sync', userId)).rejects.toMatchObject({
    code: 'request.too_many',
    details: { retryAfterSeconds: expect.any(Number) },
  })
})
