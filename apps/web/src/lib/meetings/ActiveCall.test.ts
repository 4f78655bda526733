import type { UserId } from '@veche/shared/ids'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Session } from '#lib/session/session.svelte.ts'
import { FakeBrowser } from '../../../test/browser.ts'
import { ActiveCall } from './ActiveCall.svelte.ts'
import type { Call } from './call/Call.svelte.ts'

let browser: FakeBrowser
beforeEach(() => {
  browser = new FakeBrowser()
})
afterEach(() => browser.remove())

test('the end of the session leaves the call, and no call is opened any more', () => {
  const activeCall = new ActiveCall(session)
  const call = newCall()
  activeCall.enter(() => call)
  activeCall.end()
  expect([call.phase, activeCall.current]).toEqual(['ended', null])
  activeCall.enter(newCall)
  expect(activeCall.current).toBeNull()
})

test('a call that a reload interrupted is not awaited any more when it cannot be opened again', async () => {
  sessionStorage.setItem('veche-call', '{}')
  const activeCall = new ActiveCall(session)
  expect(activeCall.returning).toBe(true)
  await activeCall.returnAfterReload(() => Promise.reject(new TypeError('Failed to fetch')))
  expect(activeCall.returning).toBe(false)
})

const session = { me: { user: { id: 'anna-id' as UserId, name: 'anna' } } } as Session

/** Only what the active call knows of a call. */
function newCall(): Call {
  const call = { phase: 'in', leave: () => void (call.phase = 'ended') }
  return call as unknown as Call
}
