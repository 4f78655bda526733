import { expect, it } from 'vitest'
import { readEnv } from '../../env.ts'
import { newTestApi } from '../../test/harness.ts'
import { withAdvisoryLock } from './sweep.ts'

it('rounds of two timers at once find connections in the smallest pool there may be', async () => {
  expect(() => readEnv({ DATABASE_POOL: '3' })).toThrow('DATABASE_POOL')
  const { deps } = await newTestApi({ DATABASE_POOL: '4' })
  let done = 0
  const round = (lock: number) =>
    withAdvisoryLock(deps, lock, async () => {
      await deps.db.selectFrom('users').select('id').execute()
      done += 1
    })
  await Promise.all([round(1), round(2)])
  expect(done).toBe(2)
})
