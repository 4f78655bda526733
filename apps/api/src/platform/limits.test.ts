import { expect, it } from 'vitest'
import { newHouse } from '../test/harness.ts'
import { outcomeOf } from '../test/outcome.ts'
import { visitor } from '../test/visitor.ts'

it('somebody may do so much a minute, each for themselves, counted for all processes together', async () => {
  const house = await newHouse()
  const other = house.another()
  await expect.poll(() => other.redis.status).toBe('ready')
  for (let i = 0; i < 60; i += 1) {
    await house.deps.limits.take('open', 'one')
    await other.limits.take('open', 'one')
  }
  await expect(house.deps.limits.take('open', 'one')).rejects.toMatchObject({
    code: 'request.too_many',
    details: { retryAfter: expect.any(Number) },
  })
  expect(await outcomeOf(other.limits.take('open', 'one'))).toBe('request.too_many')
  expect(await outcomeOf(house.deps.limits.take('open', 'two'))).toBe('ok')
  expect(await outcomeOf(house.deps.limits.take('read', 'one'))).toBe('ok')
})

it('while Redis is away each process counts for itself, and nobody waits for it', async () => {
  const house = await newHouse({ REDIS_URL: '/nonexistent/redis.sock' })
  const from = performance.now()
  for (let i = 0; i < 120; i += 1) await house.deps.limits.take('open', 'one')
  expect(await outcomeOf(house.deps.limits.take('open', 'one'))).toBe('request.too_many')
  expect(performance.now() - from).toBeLessThan(2_000)
})

it('strangers of one household of IPv6 count as one, however many addresses they have', async () => {
  const house = await newHouse()
  await expect.poll(() => house.deps.redis.status).toBe('ready')
  const asked = (ip: string) => outcomeOf(visitor(house.deps, { ip }).api.auth.invite({ token: 'x'.repeat(43) }))
  const outcomes = new Set<string>()
  for (let i = 0; i < 121; i += 1) outcomes.add(await asked(`2001:db8:1:2::${i.toString(16)}`))
  expect(outcomes).toEqual(new Set(['ok', 'request.too_many']))
  expect(await asked('2001:db8:1:3::1')).toBe('ok')
})
