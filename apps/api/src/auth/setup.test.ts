import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { newUser } from '../test/builders.ts'
import { callerFor, type TestApi, newTestApi } from '../test/harness.ts'
import { outcomeOf } from '../test/outcome.ts'
import { goodPassword, signUpUser, newBrowser } from '../test/http/browser.ts'
import { LinkRefused, createSetupLink } from './setup-links.ts'

const form = (token: string) => ({
  token,
  name: 'First',
  email: 'first@example.org',
  password: goodPassword,
  locale: 'en' as const,
})

async function newToken(testApi: TestApi, email?: string): Promise<string> {
  return (await createSetupLink(testApi.deps, email)).url.split('/').at(-1) ?? ''
}

describe('the link for the first administrator', () => {
  test('the first setup link makes the owner once and opens nothing afterwards', async () => {
    const testApi = await newTestApi()
    const token = await newToken(testApi)
    const { api } = newBrowser(testApi.deps)
    expect(await api.auth.setupLink({ token })).toEqual({ purpose: 'first', email: null })
    const me = await api.auth.setUp(form(token))
    expect(me.user).toMatchObject({ role: 'owner', handle: 'first' })
    expect((await api.auth.me())?.user.role).toBe('owner')
    expect(await api.auth.setupLink({ token })).toBeNull()
    const again = { ...form(token), email: 'second@example.org' }
    expect(await outcomeOf(newBrowser(testApi.deps).api.auth.setUp(again))).toBe('auth.link_invalid')
  })

  test('the sign-in learns that the server needs its set-up until there is an owner, also when that owner is disabled later', async () => {
    const testApi = await newTestApi()
    const { api } = newBrowser(testApi.deps)
    await newUser(testApi.deps)
    expect(await api.auth.needsSetup()).toBe(true)
    await api.auth.setUp(form(await newToken(testApi)))
    expect(await newBrowser(testApi.deps).api.auth.needsSetup()).toBe(false)
    await testApi.deps.db.updateTable('users').set({ disabled_at: new Date() }).where('role', '=', 'owner').execute()
    expect(await newBrowser(testApi.deps).api.auth.needsSetup()).toBe(false)
  })

  test('a first setup link opens nothing after a newer one is made', async () => {
    const testApi = await newTestApi()
    const old = await newToken(testApi)
    const token = await newToken(testApi)
    const { api } = newBrowser(testApi.deps)
    expect(await api.auth.setupLink({ token: old })).toBeNull()
    expect(await outcomeOf(api.auth.setUp(form(old)))).toBe('auth.link_invalid')
    expect(await outcomeOf(api.auth.setUp(form(token)))).toBe('ok')
  })

  test('the address of a setup link that is cut or mistyped opens nothing, like one that was never made', async () => {
    const { api } = newBrowser((await newTestApi()).deps)
    for (const token of ['wrong', `${'a'.repeat(42)}.`, 'a'.repeat(43), 'ключ']) {
      expect(await api.auth.setupLink({ token })).toBeNull()
      expect(await api.auth.invite({ token })).toBeNull()
    }
    expect(await api.auth.needsSetup()).toBe(true)
  })

  test('a first setup link works for a day', async () => {
    const testApi = await newTestApi()
    const token = await newToken(testApi)
    await testApi.passTime(86_400_000)
    expect(await outcomeOf(newBrowser(testApi.deps).api.auth.setUp(form(token)))).toBe('auth.link_invalid')
  })

  test('several people who use the first setup link at the same time make one owner', async () => {
    const testApi = await newTestApi()
    const token = await newToken(testApi)
    const outcomes = await Promise.all(
      ['a', 'b', 'c'].map((who) =>
        outcomeOf(newBrowser(testApi.deps).api.auth.setUp({ ...form(token), email: `${who}@example.org` })),
      ),
    )
    expect(outcomes.sort()).toEqual(['auth.link_invalid', 'auth.link_invalid', 'ok'])
    const owners = await testApi.deps.db.selectFrom('users').select('id').where('role', '=', 'owner').execute()
    expect(owners).toHaveLength(1)
  })

  test('a first setup link opens nothing once there is an owner', async () => {
    const testApi = await newTestApi()
    const token = await newToken(testApi)
    await newUser(testApi.deps, { role: 'owner' })
    const { api } = newBrowser(testApi.deps)
    expect(await api.auth.setupLink({ token })).toBeNull()
    expect(await outcomeOf(api.auth.setUp(form(token)))).toBe('auth.link_invalid')
    expect(await outcomeOf(api.auth.recover({ token, password: goodPassword }))).toBe('auth.link_invalid')
  })

  test('a first setup link is not spent on a common password', async () => {
    const testApi = await newTestApi()
    const token = await newToken(testApi)
    const { api } = newBrowser(testApi.deps)
    expect(await outcomeOf(api.auth.setUp({ ...form(token), password: 'password' }))).toBe('auth.password_common')
    expect(await outcomeOf(api.auth.setUp(form(token)))).toBe('ok')
  })
})

describe('the recovery link', () => {
  test('a recovery link sets a new password for the owner and ends their sessions', async () => {
    const testApi = await newTestApi()
    const first = newBrowser(testApi.deps)
    await first.api.auth.setUp(form(await newToken(testApi)))
    const token = await newToken(testApi)
    const { api } = newBrowser(testApi.deps)
    expect(await api.auth.setupLink({ token })).toEqual({ purpose: 'recovery', email: 'first@example.org' })
    const password = 'another good sentence'
    expect((await api.auth.recover({ token, password })).user.role).toBe('owner')
    expect(await first.api.auth.me()).toBeNull()
    expect(await outcomeOf(first.api.auth.signIn({ email: 'first@example.org', password }))).toBe('ok')
    expect(await outcomeOf(api.auth.recover({ token, password }))).toBe('auth.link_invalid')
  })

  test('a recovery link is for one person and ends with a newer link for the same person only', async () => {
    const testApi = await newTestApi()
    await newUser(testApi.deps, { role: 'owner' })
    const one = await signUpUser(testApi.deps)
    const other = await signUpUser(testApi.deps)
    const old = await newToken(testApi, one.email)
    const others = await newToken(testApi, other.email)
    const token = await newToken(testApi, one.email.toUpperCase())
    const { api } = newBrowser(testApi.deps)
    expect(await api.auth.setupLink({ token: old })).toBeNull()
    expect(await api.auth.setupLink({ token: others })).toEqual({ purpose: 'recovery', email: other.email })
    const me = await api.auth.recover({ token, password: 'another good sentence' })
    expect(me.user.id).toBe(one.userId)
    expect(await outcomeOf(api.auth.setUp(form(others)))).toBe('auth.link_invalid')
  })

  test('a recovery link refuses a common password and the address itself, and is not spent', async () => {
    const testApi = await newTestApi()
    await newUser(testApi.deps, { role: 'owner' })
    const { email } = await signUpUser(testApi.deps)
    const token = await newToken(testApi, email)
    const { api } = newBrowser(testApi.deps)
    expect(await outcomeOf(api.auth.recover({ token, password: 'qwertyuiop' }))).toBe('auth.password_common')
    expect(await outcomeOf(api.auth.recover({ token, password: email }))).toBe('auth.password_common')
    expect(await outcomeOf(api.auth.recover({ token, password: goodPassword }))).toBe('ok')
  })

  test('a recovery link cannot be made for an unknown or disabled account, and ends when the account is disabled', async () => {
    const testApi = await newTestApi()
    const owner = await newUser(testApi.deps, { role: 'owner' })
    const { email, userId } = await signUpUser(testApi.deps)
    await expect(createSetupLink(testApi.deps, 'nobody@example.org')).rejects.toThrow(LinkRefused)
    const token = await newToken(testApi, email)
    await callerFor(testApi.deps, owner).admin.setDisabled({ userId, disabled: true })
    await expect(createSetupLink(testApi.deps, email)).rejects.toThrow(/disabled/)
    const { api } = newBrowser(testApi.deps)
    expect(await outcomeOf(api.auth.recover({ token, password: goodPassword }))).toBe('auth.link_invalid')
    await callerFor(testApi.deps, owner).admin.setDisabled({ userId, disabled: false })
    expect(await outcomeOf(api.auth.recover({ token, password: goodPassword }))).toBe('auth.link_invalid')
  })
})

describe('the command that prints the link', () => {
  const tool = fileURLToPath(new URL('../admin-link.ts', import.meta.url))

  test('the command prints the link alone, or one sentence when no link can be made', async () => {
    const testApi = await newTestApi()
    const { DATABASE_URL, REDIS_URL, VECHE_SECRET, VECHE_DATA, PUBLIC_URL } = testApi.env
    const env = { PATH: '/usr/bin:/bin', DATABASE_URL, REDIS_URL, VECHE_SECRET, VECHE_DATA, PUBLIC_URL }
    const run = (...args: string[]) => promisify(execFile)(process.execPath, [tool, ...args], { env })
    const { stdout, stderr } = await run()
    expect(stdout).toMatch(/^http:\/\/localhost:8080\/setup\/[\w-]{43}\n$/)
    expect(stderr).toBe('')
    await newBrowser(testApi.deps).api.auth.setUp(form(stdout.trim().split('/').at(-1) ?? ''))
    const refused = await run('--email', 'nobody@example.org').catch((error: { code: number; stderr: string }) => error)
    expect(refused).toMatchObject({ code: 1, stderr: 'There is no account with the address nobody@example.org.\n' })
  })
})
