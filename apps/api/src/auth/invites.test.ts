import { randomBytes } from 'node:crypto'
import { sql } from 'kysely'
import { beforeAll, describe, expect, test } from 'vitest'
import { newUser } from '../test/builders.ts'
import { callerFor, type TestApi, newTestApi } from '../test/harness.ts'
import { Observer } from '../test/Observer.ts'
import { outcomeOf } from '../test/outcome.ts'
import { goodPassword, signUpUser, newInvite, newBrowser } from '../test/http/browser.ts'

const day = 86_400_000
let count = 0

function form(token: string, given: Partial<{ name: string; email: string; password: string }> = {}) {
  count += 1
  return {
    token,
    name: 'Olga Petrova',
    email: `guest${count}@example.org`,
    password: goodPassword,
    locale: 'ru' as const,
    ...given,
  }
}

describe('signing up by invitation', () => {
  let testApi: TestApi
  beforeAll(async () => {
    testApi = await newTestApi()
  })

  test('signing up by an invitation makes the account with its role, language and handle, and signs it in', async () => {
    const { token } = await newInvite(testApi.deps, { role: 'admin' })
    const { api } = newBrowser(testApi.deps)
    expect(await api.auth.invite({ token })).toEqual({ role: 'admin', email: null })
    const input = form(token, { name: 'Анна Щукина' })
    const me = await api.auth.signUp(input)
    expect(me).toMatchObject({
      user: { name: 'Анна Щукина', handle: 'anna_shchukina', role: 'admin', disabledAt: null },
      settings: { locale: 'ru', email: input.email, theme: 'system' },
    })
    expect(await api.auth.me()).toEqual(me)
  })

  test('other people see a user who signed up, and the user sees their own rows', async () => {
    const other = await newUser(testApi.deps)
    const observer = await Observer.open(testApi.deps, other)
    const { me, userId } = await signUpUser(testApi.deps)
    await observer.settled()
    expect(observer.rows('people').find(({ id }) => id === userId)).toEqual(me.user)
    await observer.expectEqualsFetch()
    observer.close()
    const own = await Observer.open(testApi.deps, { userId })
    expect(own.rows('sessions')).toHaveLength(1)
    expect(own.rows('settings')).toEqual([me.settings])
    own.close()
  })

  test('a handle that is taken gets a number', async () => {
    const handles = []
    for (let i = 0; i < 3; i += 1)
      handles.push((await signUpUser(testApi.deps, { name: 'Ivan Ivanov' })).me.user.handle)
    expect(handles).toEqual(['ivan_ivanov', 'ivan_ivanov2', 'ivan_ivanov3'])
  })

  test('invitations that are unknown, used, revoked or expired look alike', async () => {
    const used = await newInvite(testApi.deps)
    await newBrowser(testApi.deps).api.auth.signUp(form(used.token))
    const revoked = await newInvite(testApi.deps)
    const owner = await newUser(testApi.deps, { role: 'owner' })
    await callerFor(testApi.deps, owner).admin.revokeInvite({ inviteId: revoked.id })
    const expired = await newInvite(testApi.deps, { days: 1 })
    await testApi.deps.db
      .updateTable('invites')
      .set({ expires_at: sql<Date>`veche_now() - interval '1 second'` })
      .where('id', '=', expired.id as never)
      .execute()
    for (const token of [used.token, revoked.token, expired.token, randomBytes(32).toString('base64url')]) {
      const { api } = newBrowser(testApi.deps)
      expect(await api.auth.invite({ token })).toBeNull()
      expect(await outcomeOf(api.auth.signUp(form(token)))).toBe('auth.invite_invalid')
    }
  })

  test('an invitation expires after its number of days', async () => {
    const { token } = await newInvite(testApi.deps, { days: 2 })
    const { api } = newBrowser(testApi.deps)
    await testApi.passTime(2 * day - 60_000)
    expect(await api.auth.invite({ token })).not.toBeNull()
    await testApi.passTime(60_000)
    expect(await outcomeOf(api.auth.signUp(form(token)))).toBe('auth.invite_invalid')
  })

  test('of several people who take the last use at the same time one signs up, and the others leave nothing behind', async () => {
    const { token } = await newInvite(testApi.deps)
    const forms = [form(token), form(token), form(token)]
    const outcomes = await Promise.all(forms.map((input) => outcomeOf(newBrowser(testApi.deps).api.auth.signUp(input))))
    expect(outcomes.sort()).toEqual(['auth.invite_invalid', 'auth.invite_invalid', 'ok'])
    const made = await testApi.deps.db
      .selectFrom('users')
      .select('id')
      .where(
        'email',
        'in',
        forms.map(({ email }) => email),
      )
      .execute()
    expect(made).toHaveLength(1)
    const scopes = await sql<{ orphans: number }>`select count(*)::int as orphans from scopes
      where kind = 'user' and id not in (select id from users)`.execute(testApi.deps.db)
    expect(scopes.rows[0]?.orphans).toBe(0)
  })

  test('an invitation serves as many people as it has uses, also at the same time', async () => {
    const { token } = await newInvite(testApi.deps, { uses: 3 })
    const outcomes = await Promise.all(
      Array.from({ length: 5 }, () => outcomeOf(newBrowser(testApi.deps).api.auth.signUp(form(token)))),
    )
    expect(outcomes.filter((outcome) => outcome === 'ok')).toHaveLength(3)
  })

  test('an invitation gets its use back when the address is taken', async () => {
    const { email } = await signUpUser(testApi.deps)
    const { token } = await newInvite(testApi.deps)
    const { api } = newBrowser(testApi.deps)
    expect(await outcomeOf(api.auth.signUp(form(token, { email: email.toUpperCase() })))).toBe('auth.email_taken')
    expect(await outcomeOf(api.auth.signUp(form(token)))).toBe('ok')
  })

  test('two people who sign up with one address at the same time make one account', async () => {
    const { token } = await newInvite(testApi.deps, { uses: 2 })
    const email = 'twice@example.org'
    const outcomes = await Promise.all(
      [1, 2].map(() => outcomeOf(newBrowser(testApi.deps).api.auth.signUp(form(token, { email })))),
    )
    expect(outcomes.sort()).toEqual(['auth.email_taken', 'ok'])
  })

  test('an invitation with an address works for that address only', async () => {
    const { token } = await newInvite(testApi.deps, { email: 'invited@example.org', uses: 5 })
    const { api } = newBrowser(testApi.deps)
    expect(await api.auth.invite({ token })).toEqual({ role: 'member', email: 'invited@example.org' })
    expect(await outcomeOf(api.auth.signUp(form(token)))).toBe('auth.invite_other_email')
    expect(await outcomeOf(api.auth.signUp(form(token, { email: 'Invited@Example.org' })))).toBe('ok')
    expect(await api.auth.invite({ token })).toBeNull()
  })

  test('signing up refuses passwords that are short, too long, common, or the person’s own name or address', async () => {
    const { token } = await newInvite(testApi.deps, { uses: 20 })
    const email = 'petrova.olga@example.org'
    const outcome = (password: string) =>
      outcomeOf(newBrowser(testApi.deps).api.auth.signUp(form(token, { email, name: 'Olga Petrova', password })))
    expect(await outcome('short')).toBe('input.invalid')
    expect(await outcome('x'.repeat(129))).toBe('input.invalid')
    for (const password of ['password', 'Password1', 'veche2026!', email, 'petrova.olga', 'Petrova2026', 'aaaaaaaa'])
      expect([password, await outcome(password)]).toEqual([password, 'auth.password_common'])
    expect(await outcome('я помню чудное мгновенье')).toBe('ok')
  })

  test('the database keeps hashes of tokens and passwords, never the values', async () => {
    const { token } = await newInvite(testApi.deps)
    const input = form(token, { password: 'a very private sentence' })
    await newBrowser(testApi.deps).api.auth.signUp(input)
    for (const table of ['users', 'invites', 'sessions'] as const) {
      const { rows } = await sql<{
        text: string
      }>`select row_to_json(t)::text as text from ${sql.table(table)} t`.execute(testApi.deps.db)
      for (const { text } of rows) {
        expect(text).not.toContain(token)
        expect(text).not.toContain('private sentence')
      }
    }
  })
})
