import { beforeAll, describe, expect, it } from 'vitest'
import { type TestApi, newTestApi } from '../test/harness.ts'
import { outcomeOf } from '../test/outcome.ts'
import { goodPassword, signUpUser, newBrowser } from '../test/browser.ts'

const next = 'a brand new sentence'

describe('changing the password', () => {
  let testApi: TestApi
  beforeAll(async () => {
    testApi = await newTestApi()
    // At the beginning of a window of attempts, so that none ends in the middle of a test.
    await testApi.passTime(900_000 - (testApi.clock.now() % 900_000) + 1_000)
  })

  it('ends the other sessions and not one’s own', async () => {
    const { api, email } = await signUpUser(testApi.deps)
    const other = newBrowser(testApi.deps)
    await other.api.auth.signIn({ email, password: goodPassword })
    expect(await api.auth.changePassword({ current: goodPassword, next })).toEqual({})
    expect(await api.auth.me()).not.toBeNull()
    expect(await other.api.auth.me()).toBeNull()
    expect(await outcomeOf(other.api.auth.signIn({ email, password: goodPassword }))).toBe('auth.wrong_credentials')
    expect(await outcomeOf(other.api.auth.signIn({ email, password: next }))).toBe('ok')
  })

  it('needs the current password, and changes nothing without it', async () => {
    const { api, email } = await signUpUser(testApi.deps)
    expect(await outcomeOf(api.auth.changePassword({ current: 'a guess', next }))).toBe('auth.wrong_credentials')
    expect(await outcomeOf(newBrowser(testApi.deps).api.auth.signIn({ email, password: goodPassword }))).toBe('ok')
  })

  it('is not a way to guess the current one: ten tries in a quarter of an hour', async () => {
    const { api } = await signUpUser(testApi.deps)
    const guess = () => outcomeOf(api.auth.changePassword({ current: 'a guess', next }))
    const outcomes = await Promise.all(Array.from({ length: 10 }, guess))
    expect(outcomes).toEqual(Array(10).fill('auth.wrong_credentials'))
    expect(await guess()).toBe('request.too_many')
  })

  it('refuses common passwords and one’s own name', async () => {
    const { api } = await signUpUser(testApi.deps, { name: 'Konstantin' })
    for (const bad of ['password', 'konstantin1', 'йцукенгш'])
      expect(await outcomeOf(api.auth.changePassword({ current: goodPassword, next: bad }))).toBe(
        'auth.password_common',
      )
  })

  it('by two devices at once leaves one password and one of them signed in', async () => {
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

  it('while somebody signs in with the old one never leaves that session open', async () => {
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
