import { expect, test } from 'vitest'
import { readEnv } from '../../env.ts'
import { newTestApi } from '../../test/harness.ts'
import { withAdvisoryLock } from './sweep.ts'

test('all timers that run at the same time find connections in the smallest pool that is allowed', async () => {
  expect(() => readEnv({ DATABASE_POOL: '4' })).toThrow('DATABASE_POOL')
  const { deps } = await newTestApi({ DATABASE_POOL: '5' })
  let done = 0
  const round = (lock: number) =>
    withAdvisoryLock(deps, lock, async () => {
      await deps.db.selectFrom('users').select('id').execute()
      done += 1
    })
  await Promise.all([1, 2, 3, 4].map(round))
  expect(done).toBe(4)
})
