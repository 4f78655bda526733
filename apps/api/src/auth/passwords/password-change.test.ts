import { beforeAll, describe, expect, test } from 'vitest'
import { type TestApi, newTestApi } from '../../test/harness.ts'
import { outcomeOf } from '../../test/outcome.ts'
import { knownDevice } from '../known-devices.ts'
import { goodPassword, signUpUser, newBrowser } from '../../test/http/browser.ts'

const next = 'a brand new sentence'

describe('changing the password', () => {
  let testApi: TestApi
  beforeAll(async () => {
    testApi = await newTestApi()
    // To the beginning of a window of attempts, so that none ends during a test.
    await testApi.passTime(900_000 - (testApi.clock.now() % 900_000) + 1_000)
  })

  test('changing the password ends the other sessions and keeps this one', async () => {
    const { api, email } = await signUpUser(testApi.deps)
    const other = newBrowser(testApi.deps)
    await other.api.auth.signIn({ email, password: goodPassword })
    expect(await api.auth.changePassword({ current: goodPassword, next })).toEqual({})
    expect(await api.auth.me()).not.toBeNull()
    expect(await other.api.auth.me()).toBeNull()
    expect(await outcomeOf(other.api.auth.signIn({ email, password: goodPassword }))).toBe('auth.wrong_credentials')
    expect(await outcomeOf(other.api.auth.signIn({ email, password: next }))).toBe('ok')
  })

  test('a new password makes every other device unknown, and the one that chose it stays known', async () => {
    const { api, email, jar } = await signUpUser(testApi.deps)
    const other = newBrowser(testApi.deps)
    await other.api.auth.signIn({ email, password: goodPassword })
    const isKnown = async ({ deviceCookie }: typeof jar) =>
      (await knownDevice(testApi.deps, deviceCookie, email)) !== null
    expect([await isKnown(jar), await isKnown(other.jar)]).toEqual([true, true])
    await api.auth.changePassword({ current: goodPassword, next })
    expect([await isKnown(jar), await isKnown(other.jar)]).toEqual([true, false])
  })

  test('changing the password needs the current one, and changes nothing without it', async () => {
    const { api, email } = await signUpUser(testApi.deps)
    expect(await outcomeOf(api.auth.changePassword({ current: 'a guess', next }))).toBe('auth.wrong_credentials')
    expect(await outcomeOf(newBrowser(testApi.deps).api.auth.signIn({ email, password: goodPassword }))).toBe('ok')
  })

  test('the current password may be tried ten times in a quarter of an hour', async () => {
    const { api } = await signUpUser(testApi.deps)
    const guess = () => outcomeOf(api.auth.changePassword({ current: 'a guess', next }))
    const outcomes = await Promise.all(Array.from({ length: 10 }, guess))
    expect(outcomes).toEqual(Array(10).fill('auth.wrong_credentials'))
    expect(await guess()).toBe('request.too_many')
  })

  test('changing the password refuses common ones and the person’s own name', async () => {
    const { api } = await signUpUser(testApi.deps, { name: 'Konstantin' })
    for (const bad of ['password', 'konstantin1', 'йцукенгш'])
      expect(await outcomeOf(api.auth.changePassword({ current: goodPassword, next: bad }))).toBe(
        'auth.password_common',
      )
  })

  test('when two devices change the password at the same time, one succeeds and stays signed in', async () => {
    const one = await signUpUser(testApi.deps)
    const two = newBrowser(testApi.deps)
    await two.api.auth.signIn({ email: one.email, password: goodPassword })
    const outcomes = await Promise.all([
      outcomeOf(one.api.auth.changePassword({ current: goodPassword, next: 'sentence of the first' })),
      outcomeOf(two.api.auth.changePassword({ current: goodPassword, next: 'sentence of the second' })),
    ])
    expect(outcomes.filter((outcome) => outcome === 'ok')).toHaveLength(1)
    const winner = outcomes[0] === 'ok' ? 'sentence of the first' : 'sentence of the second'
    const { api } = newBrowser(testApi.deps)
    expect(await outcomeOf(api.auth.signIn({ email: one.email, password: winner }))).toBe('ok')
    const still = await Promise.all([one.api.auth.me(), two.api.auth.me()])
    expect(still.filter(Boolean)).toHaveLength(1)
  })

  test('a sign-in with the old password during the change leaves no session open', async () => {
    const { api, email } = await signUpUser(testApi.deps)
    const thieves = Array.from({ length: 4 }, () => newBrowser(testApi.deps))
    await Promise.all([
      api.auth.changePassword({ current: goodPassword, next }),
      ...thieves.map((thief) => outcomeOf(thief.api.auth.signIn({ email, password: goodPassword }))),
    ])
    for (const thief of thieves) expect(await thief.api.auth.me()).toBeNull()
    expect(await api.auth.me()).not.toBeNull()
  })
})
