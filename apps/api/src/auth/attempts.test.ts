import { expect, test } from 'vitest'
import { contextFor, newTestApi } from '../test/harness.ts'
import { outcomeOf } from '../test/outcome.ts'
import { countAttempts } from './attempts.ts'
import { newDeviceCookie } from './known-devices.ts'

test('the devices that were used before have thirty tries together, so that many cookies bring no more', async () => {
  const { deps } = await newTestApi()
  const email = 'olga@example.org'
  const context = await contextFor(deps, null)
  const tryWith = (deviceCookie: string) => {
    const connection = { ...context.connection, deviceCookie }
    return outcomeOf(countAttempts({ ...context, connection }, 'signIn', email))
  }
  for (let device = 0; device < 3; device += 1) {
    const cookie = await newDeviceCookie(deps, email)
    for (let count = 0; count < 10; count += 1) expect(await tryWith(cookie)).toBe('ok')
    expect(await tryWith(cookie)).toBe('request.too_many')
  }
  expect(await tryWith(await newDeviceCookie(deps, email))).toBe('request.too_many')
})
