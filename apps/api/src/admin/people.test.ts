import { newId, type UserId } from '@veche/shared/ids'
import type { ServerRole } from '@veche/shared/permissions'
import { beforeAll, describe, expect, test } from 'vitest'
import { newUser, type TestUser } from '../test/builders.ts'
import { callerFor, type TestApi, newTestApi } from '../test/harness.ts'
import { Observer } from '../test/Observer.ts'
import { outcomeOf } from '../test/outcome.ts'
import { goodPassword, signUpUser, newBrowser } from '../test/http/browser.ts'

describe('accounts', () => {
  let testApi: TestApi
  let owner: TestUser
  beforeAll(async () => {
    testApi = await newTestApi()
    owner = await newUser(testApi.deps, { role: 'owner', name: 'Owner' })
  })
  const as = (who: TestUser) => callerFor(testApi.deps, who)
  const person = (role: ServerRole = 'member') => newUser(testApi.deps, { role })

  test('administrators see all accounts with address, times and presence, disabled ones too', async () => {
    const someone = await newUser(testApi.deps, { name: 'Someone Special' })
    await as(owner).admin.setDisabled({ userId: someone.userId, disabled: true })
    const { people, next } = await as(owner).admin.people({ query: 'someone' })
    expect(people).toEqual([
      expect.objectContaining({
        id: someone.userId,
        email: someone.email,
        online: false,
        seenAt: null,
        disabledAt: expect.any(String),
      }),
    ])
    expect(next).toBeNull()
  })

  test('administrators see who is online', async () => {
    const someone = await person()
    const observer = await Observer.open(testApi.deps, someone)
    const { people } = await as(owner).admin.people({ query: someone.name })
    expect(people.find(({ id }) => id === someone.userId)?.online).toBe(true)
    observer.close()
  })

  test('a user who gets another server role may use it, and everybody sees it', async () => {
    const someone = await person()
    const observer = await Observer.open(testApi.deps, someone)
    expect(await as(owner).admin.setRole({ userId: someone.userId, role: 'admin' })).toMatchObject({ role: 'admin' })
    await observer.expectEqualsFetch()
    expect(observer.rows('people').find(({ id }) => id === someone.userId)?.role).toBe('admin')
    observer.close()
    expect(await outcomeOf(as(someone).admin.people({}))).toBe('ok')
    await as(owner).admin.setRole({ userId: someone.userId, role: 'member' })
    expect(await outcomeOf(as(someone).admin.people({}))).toBe('auth.admin_required')
  })

  test('an admin manages members only: no other admins, no owners, and makes no admins', async () => {
    const [admin, equal, member] = [await person('admin'), await person('admin'), await person()]
    const forbidden = [
      () => as(admin).admin.setRole({ userId: member.userId, role: 'admin' }),
      () => as(admin).admin.setRole({ userId: member.userId, role: 'owner' }),
      () => as(admin).admin.setRole({ userId: equal.userId, role: 'member' }),
      () => as(admin).admin.setRole({ userId: owner.userId, role: 'member' }),
      () => as(admin).admin.setRole({ userId: admin.userId, role: 'owner' }),
      () => as(admin).admin.setDisabled({ userId: equal.userId, disabled: true }),
      () => as(admin).admin.setDisabled({ userId: owner.userId, disabled: true }),
      () => as(admin).admin.setDisabled({ userId: admin.userId, disabled: true }),
      () => as(admin).admin.createInvite({ role: 'admin' }),
    ]
    for (const call of forbidden) expect(await outcomeOf(call())).toBe('user.forbidden')
    expect(await outcomeOf(as(admin).admin.setDisabled({ userId: member.userId, disabled: true }))).toBe('ok')
    const unknown = { userId: newId<UserId>(), disabled: true }
    expect(await outcomeOf(as(admin).admin.setDisabled(unknown))).toBe('user.not_found')
    expect(await outcomeOf(as(admin).admin.setRole({ userId: unknown.userId, role: 'member' }))).toBe('user.not_found')
  })

  test('a disabled user is signed out and cannot sign in until they are enabled again', async () => {
    const someone = await signUpUser(testApi.deps)
    const observer = await Observer.open(testApi.deps, someone)
    await as(owner).admin.setDisabled({ userId: someone.userId, disabled: true })
    await observer.ended
    expect(await someone.api.auth.me()).toBeNull()
    const { api } = newBrowser(testApi.deps)
    const credentials = { email: someone.email, password: goodPassword }
    expect(await outcomeOf(api.auth.signIn(credentials))).toBe('auth.wrong_credentials')
    const twice = as(owner).admin.setDisabled({ userId: someone.userId, disabled: true })
    expect(await outcomeOf(twice)).toBe('ok')
    await as(owner).admin.setDisabled({ userId: someone.userId, disabled: false })
    expect(await someone.api.auth.me()).toBeNull()
    expect(await outcomeOf(api.auth.signIn(credentials))).toBe('ok')
    observer.close()
  })
})

describe('the last owner', () => {
  async function newTestApiWith(...roles: ServerRole[]) {
    const testApi = await newTestApi()
    const people = []
    for (const role of roles) people.push(await newUser(testApi.deps, { role }))
    return { as: (who: TestUser) => callerFor(testApi.deps, who), people: people as [TestUser, TestUser], testApi }
  }

  test('the last owner of the server keeps the role and cannot be disabled', async () => {
    const { as, people } = await newTestApiWith('owner')
    const [owner] = people
    expect(await outcomeOf(as(owner).admin.setRole({ userId: owner.userId, role: 'member' }))).toBe('user.last_owner')
    expect(await outcomeOf(as(owner).admin.setDisabled({ userId: owner.userId, disabled: true }))).toBe(
      'user.last_owner',
    )
  })

  test('an owner whose only co-owner is disabled counts as the last owner', async () => {
    const { as, people } = await newTestApiWith('owner', 'owner')
    const [one, other] = people
    await as(one).admin.setDisabled({ userId: other.userId, disabled: true })
    expect(await outcomeOf(as(one).admin.setRole({ userId: one.userId, role: 'admin' }))).toBe('user.last_owner')
  })

  test('the last owner can give up the role after making another owner', async () => {
    const { as, people } = await newTestApiWith('owner', 'member')
    const [owner, heir] = people
    await as(owner).admin.setRole({ userId: heir.userId, role: 'owner' })
    expect(await outcomeOf(as(owner).admin.setRole({ userId: owner.userId, role: 'member' }))).toBe('ok')
    expect(await outcomeOf(as(heir).admin.setRole({ userId: heir.userId, role: 'member' }))).toBe('user.last_owner')
  })

  test('one owner remains when two owners give up the role, or remove each other, at the same time', async () => {
    for (const self of [true, false]) {
      const { as, people, testApi } = await newTestApiWith('owner', 'owner')
      const [one, other] = people
      const outcomes = await Promise.all([
        outcomeOf(as(one).admin.setRole({ userId: (self ? one : other).userId, role: 'member' })),
        outcomeOf(as(other).admin.setRole({ userId: (self ? other : one).userId, role: 'member' })),
      ])
      expect(outcomes.filter((outcome) => outcome === 'ok')).toHaveLength(1)
      const owners = await testApi.deps.db.selectFrom('users').select('id').where('role', '=', 'owner').execute()
      expect(owners).toHaveLength(1)
    }
  })

  test('one owner remains when two owners disable each other at the same time', async () => {
    const { as, people, testApi } = await newTestApiWith('owner', 'owner')
    const [one, other] = people
    const outcomes = await Promise.all([
      outcomeOf(as(one).admin.setDisabled({ userId: other.userId, disabled: true })),
      outcomeOf(as(other).admin.setDisabled({ userId: one.userId, disabled: true })),
    ])
    expect(outcomes.filter((outcome) => outcome === 'ok')).toHaveLength(1)
    const left = await testApi.deps.db.selectFrom('users').select('id').where('disabled_at', 'is', null).execute()
    expect(left).toHaveLength(1)
  })
})
