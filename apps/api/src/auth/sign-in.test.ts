import { hash } from '@node-rs/argon2'
import { beforeAll, describe, expect, test } from 'vitest'
import { type TestApi, newTestApi } from '../test/harness.ts'
import { newUser } from '../test/builders.ts'
import { callerFor } from '../test/harness.ts'
import { outcomeOf } from '../test/outcome.ts'
import { goodPassword, signUpUser, newBrowser } from '../test/http/browser.ts'
import { type Attempt, keyOf } from './attempts.ts'
import { knownDevice, newDeviceCookie } from './known-devices.ts'
import { impossibleHash, isOutdatedHash, passwordCost } from './passwords/passwords.ts'

const minutes = 60_000

describe('signing in', () => {
  let testApi: TestApi
  beforeAll(async () => {
    testApi = await newTestApi()
  })

  test('signing in answers who the user is, and the next request is theirs', async () => {
    const { email, userId } = await signUpUser(testApi.deps)
    const { api, jar } = newBrowser(testApi.deps)
    expect(await api.auth.me()).toBeNull()
    const me = await api.auth.signIn({ email, password: goodPassword })
    expect(me).toMatchObject({
      user: { id: userId, role: 'member' },
      settings: { email, locale: 'en' },
      kind: 'person',
      serverName: 'Veche',
    })
    expect(jar.token).toMatch(/^[\w-]{43}$/)
    expect(await api.auth.me()).toEqual(me)
  })

  test('signing in accepts the address in any case and with spaces around it', async () => {
    const { email } = await signUpUser(testApi.deps)
    const { api } = newBrowser(testApi.deps)
    expect(await outcomeOf(api.auth.signIn({ email: `  ${email.toUpperCase()} `, password: goodPassword }))).toBe('ok')
  })

  test('signing in accepts the password in other code points of the same characters', async () => {
    const { email } = await signUpUser(testApi.deps, { password: 'Zürich café über' })
    const { api } = newBrowser(testApi.deps)
    const password = 'Zürich café über'.normalize('NFD')
    expect(await outcomeOf(api.auth.signIn({ email, password }))).toBe('ok')
  })

  test('a wrong password, an unknown address, a disabled account and one without a password are answered alike', async () => {
    const { email } = await signUpUser(testApi.deps)
    const disabled = await signUpUser(testApi.deps)
    const owner = await newUser(testApi.deps, { role: 'owner' })
    await callerFor(testApi.deps, owner).admin.setDisabled({ userId: disabled.userId, disabled: true })
    const asked = [
      { email, password: 'not the password' },
      { email: 'nobody@example.org', password: goodPassword },
      { email: disabled.email, password: goodPassword },
      { email: owner.email, password: goodPassword },
      { email: 'no address at all', password: '' },
    ]
    for (const input of asked) {
      const { api, jar } = newBrowser(testApi.deps)
      expect(await outcomeOf(api.auth.signIn(input))).toBe('auth.wrong_credentials')
      expect(jar.token).toBeUndefined()
    }
  })

  test('signing in hashes once for an unknown or disabled account, as for a known one', async () => {
    const { email } = await signUpUser(testApi.deps)
    const disabled = await signUpUser(testApi.deps)
    const owner = await newUser(testApi.deps, { role: 'owner' })
    await callerFor(testApi.deps, owner).admin.setDisabled({ userId: disabled.userId, disabled: true })
    for (const address of [email, 'u@example.org', disabled.email, owner.email]) {
      const before = await hashes(testApi)
      await outcomeOf(newBrowser(testApi.deps).api.auth.signIn({ email: address, password: 'not the password' }))
      expect(await hashes(testApi)).toBe(before + 1)
    }
    expect(isOutdatedHash({ passwordCost }, impossibleHash(passwordCost))).toBe(false)
  })

  test('signing in replaces a hash of another cost by one of the cost for production', async () => {
    const { email, userId } = await signUpUser(testApi.deps)
    const old = await hash(goodPassword, { memoryCost: 8_192, timeCost: 2 })
    await testApi.deps.db.updateTable('users').set({ password_hash: old }).where('id', '=', userId).execute()
    const production = testApi.anotherProcess({}, {})
    await newBrowser(production).api.auth.signIn({ email, password: goodPassword })
    const { password_hash } = await testApi.deps.db
      .selectFrom('users')
      .select('password_hash')
      .where('id', '=', userId)
      .executeTakeFirstOrThrow()
    expect(password_hash).toContain('m=47104,t=1,p=1')
    expect(await outcomeOf(newBrowser(production).api.auth.signIn({ email, password: goodPassword }))).toBe('ok')
  })

  test('signing in ends the session that the browser had before', async () => {
    const one = await signUpUser(testApi.deps)
    const other = await signUpUser(testApi.deps)
    const before = one.jar.token
    await one.api.auth.signIn({ email: other.email, password: goodPassword })
    expect(await newBrowser(testApi.deps, { token: before! }).api.auth.me()).toBeNull()
    expect((await one.api.auth.me())?.user.id).toBe(other.userId)
  })
})

describe('attempts', () => {
  let testApi: TestApi
  beforeAll(async () => {
    testApi = await newTestApi()
    // To the beginning of a window of attempts, so that none ends during a test.
    await testApi.passTime(15 * minutes - (testApi.clock.now() % (15 * minutes)) + 1_000)
  })

  /** Failed sign-ins, each from an address of its own if none is given. */
  async function failed({ email, ip, times }: { email: string; ip?: string; times: number }): Promise<void> {
    const guess = () =>
      outcomeOf(newBrowser(testApi.deps, ip ? { ip } : {}).api.auth.signIn({ email, password: 'guess' }))
    const outcomes = await Promise.all(Array.from({ length: times }, guess))
    expect(outcomes).toEqual(outcomes.map(() => 'auth.wrong_credentials'))
  }

  /** Fifty real failures would take fifty hashes. */
  async function countAs(attempt: Attempt, { was, is }: { was: number; is: number }): Promise<void> {
    const key = keyOf(testApi.deps, attempt)
    const { count } = await testApi.deps.db
      .updateTable('attempts')
      .set((eb) => ({ count: eb('count', '+', is - was) }))
      .where('key', '=', key)
      .returning('count')
      .executeTakeFirstOrThrow()
    expect(count).toBe(is)
  }

  const ip = '203.0.113.1'

  test('after ten failed sign-ins to one account from one address even the right password must wait there', async () => {
    const { email } = await signUpUser(testApi.deps)
    await failed({ email, ip, times: 10 })
    expect(await outcomeOf(newBrowser(testApi.deps).api.auth.signIn({ email, password: goodPassword }))).toBe('ok')
    const { api } = newBrowser(testApi.deps, { ip })
    await expect(api.auth.signIn({ email, password: goodPassword })).rejects.toMatchObject({
      cause: { code: 'request.too_many', details: { retryAfterSeconds: expect.any(Number) } },
    })
    await testApi.passTime(15 * minutes)
    expect(await outcomeOf(api.auth.signIn({ email, password: goodPassword }))).toBe('ok')
  })

  test('failed sign-ins are limited for an unknown account as for a known one', async () => {
    const guess = (password: string) =>
      outcomeOf(newBrowser(testApi.deps, { ip }).api.auth.signIn({ email: 'nobody@example.org', password }))
    await failed({ email: 'nobody@example.org', ip, times: 10 })
    expect(await guess('guess')).toBe('request.too_many')
  })

  test('sign-ins at the same time get no more tries than one after the other', async () => {
    const { email } = await signUpUser(testApi.deps)
    const outcomes = await Promise.all(
      Array.from({ length: 25 }, () =>
        outcomeOf(newBrowser(testApi.deps, { ip: '203.0.113.2' }).api.auth.signIn({ email, password: 'guess' })),
      ),
    )
    expect(outcomes.filter((outcome) => outcome === 'auth.wrong_credentials')).toHaveLength(10)
    expect(outcomes.filter((outcome) => outcome === 'request.too_many')).toHaveLength(15)
  })

  test('a success gives back all tries of this address at the account', async () => {
    const { email } = await signUpUser(testApi.deps)
    const of = { ip: '203.0.113.3' }
    const attempt = (password: string) => outcomeOf(newBrowser(testApi.deps, of).api.auth.signIn({ email, password }))
    await failed({ email, ...of, times: 9 })
    expect(await attempt(goodPassword)).toBe('ok')
    await failed({ email, ...of, times: 10 })
    expect(await attempt(goodPassword)).toBe('request.too_many')
  })

  test('strangers who guess the password of an account lock out other strangers, and nobody who has signed in there before', async () => {
    const owner = await signUpUser(testApi.deps)
    const other = await signUpUser(testApi.deps)
    await owner.api.auth.signOut()
    await failed({ email: owner.email, times: 2 })
    await countAs({ rule: 'signIn.account', of: owner.email }, { was: 2, is: 100 })
    const attempt = ({ api }: typeof owner, password: string) =>
      outcomeOf(api.auth.signIn({ email: owner.email, password }))
    expect(await attempt(other, goodPassword)).toBe('request.too_many')
    const guesses = await Promise.all(Array.from({ length: 9 }, () => attempt(owner, 'guess')))
    expect(guesses).toEqual(guesses.map(() => 'auth.wrong_credentials'))
    expect(await attempt(owner, goodPassword)).toBe('ok')
  })

  test('a device that was used before has ten tries of its own, and a cookie that somebody made up has none', async () => {
    const owner = await signUpUser(testApi.deps)
    const attempt = (password: string) => outcomeOf(owner.api.auth.signIn({ email: owner.email, password }))
    for (let tries = 0; tries < 10; tries += 1) expect(await attempt('guess')).toBe('auth.wrong_credentials')
    expect(await attempt(goodPassword)).toBe('request.too_many')
    for (const cookie of [
      '',
      '.',
      'a.b',
      `${'A'.repeat(22)}.${'A'.repeat(43)}`,
      await newDeviceCookie(testApi.deps, 'else@example.org'),
    ])
      expect(await knownDevice(testApi.deps, cookie, owner.email), cookie).toBeNull()
  })

  test('an address has fifty tries, and a success gives back its own try only', async () => {
    const { email } = await signUpUser(testApi.deps)
    const ip = '203.0.113.9'
    const attempt = (input: { email: string; password: string }) =>
      outcomeOf(newBrowser(testApi.deps, { ip }).api.auth.signIn(input))
    await failed({ email: 'one@example.org', ip, times: 3 })
    for (let i = 0; i < 2; i += 1) expect(await attempt({ email, password: goodPassword })).toBe('ok')
    await countAs({ rule: 'signIn.address', of: ip }, { was: 3, is: 49 })
    expect(await attempt({ email: 'fifty@example.org', password: 'guess' })).toBe('auth.wrong_credentials')
    expect(await attempt({ email: 'one.more@example.org', password: 'guess' })).toBe('request.too_many')
    expect(await outcomeOf(newBrowser(testApi.deps).api.auth.signIn({ email, password: goodPassword }))).toBe('ok')
  })

  test('failed sign-ins are counted in Postgres, so a wiped Redis forgets none', async () => {
    const { email } = await signUpUser(testApi.deps)
    await failed({ email, ip: '203.0.113.4', times: 10 })
    const keys = await testApi.deps.redis.keys(`${testApi.env.REDIS_PREFIX}*`)
    if (keys.length > 0) await testApi.deps.redis.del(keys)
    const again = newBrowser(testApi.deps, { ip: '203.0.113.4' })
    expect(await outcomeOf(again.api.auth.signIn({ email, password: 'guess' }))).toBe('request.too_many')
  })

  test('the table of attempts does not tell who tried to sign in', async () => {
    await outcomeOf(newBrowser(testApi.deps).api.auth.signIn({ email: 'secret.person@example.org', password: 'guess' }))
    const rows = await testApi.deps.db.selectFrom('attempts').select('key').execute()
    expect(rows.length).toBeGreaterThan(0)
    expect(rows.every(({ key }) => key.length === 32 && !key.toString('latin1').includes('secret'))).toBe(true)
  })
})

async function hashes(testApi: TestApi): Promise<number> {
  const { values } = await testApi.deps.metrics.hashes.get()
  return values.find(({ metricName }) => metricName?.endsWith('_count'))?.value ?? 0
}
