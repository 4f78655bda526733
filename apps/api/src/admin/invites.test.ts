import { newId, type InviteId, type UserId } from '@veche/shared/ids'
import { beforeAll, describe, expect, test } from 'vitest'
import { newUser, type TestUser } from '../test/builders.ts'
import { callerFor, type TestApi, newTestApi } from '../test/harness.ts'
import { outcomeOf } from '../test/outcome.ts'
import { goodPassword, signUpUser, newBrowser } from '../test/http/browser.ts'

const day = 86_400_000

describe('invitations', () => {
  let testApi: TestApi
  let owner: TestUser
  beforeAll(async () => {
    testApi = await newTestApi()
    owner = await newUser(testApi.deps, { role: 'owner', name: 'Anna <b>' })
  })
  const api = () => callerFor(testApi.deps, owner)
  const stateOf = async (id: InviteId) =>
    (await api().admin.invites()).invites.find((invite) => invite.id === id)?.state

  test('an invitation shows its link once, when it is made', async () => {
    const { id, link } = await api().admin.createInvite({ role: 'admin', uses: 3, days: 2 })
    expect(link).toMatch(/^http:\/\/localhost:8080\/signup\?invite=[\w-]{43}$/)
    const { invites } = await api().admin.invites()
    expect(invites[0]).toMatchObject({
      id,
      role: 'admin',
      email: null,
      usesLeft: 3,
      state: 'open',
      createdBy: owner.userId,
    })
    expect(Date.parse(invites[0]!.expiresAt) - Date.parse(invites[0]!.createdAt)).toBe(2 * day)
    expect(JSON.stringify(invites)).not.toContain(link.split('=')[1])
  })

  test('the list of invitations says whether each is open, used, revoked or expired', async () => {
    const { id, link } = await api().admin.createInvite({})
    expect(await stateOf(id)).toBe('open')
    const token = link.split('=')[1] ?? ''
    await newBrowser(testApi.deps).api.auth.signUp({
      token,
      name: 'Used',
      email: 'used@example.org',
      password: goodPassword,
      locale: 'en',
    })
    expect(await stateOf(id)).toBe('used')
    const other = await api().admin.createInvite({ days: 1 })
    const third = await api().admin.createInvite({ days: 3 })
    await api().admin.revokeInvite({ inviteId: third.id })
    expect(await api().admin.revokeInvite({ inviteId: third.id })).toEqual({})
    expect(await stateOf(third.id)).toBe('revoked')
    await testApi.passTime(day)
    expect(await stateOf(other.id)).toBe('expired')
    expect(await outcomeOf(api().admin.revokeInvite({ inviteId: newId<InviteId>() }))).toBe('invite.not_found')
  })

  test('an invitation with an address is mailed to it in the language of the inviter and works once', async () => {
    await api().users.updateSettings({ locale: 'ru' })
    const { id, link } = await api().admin.createInvite({ email: ' New@Example.org ', uses: 9, days: 5 })
    const { invites } = await api().admin.invites()
    expect(invites.find((invite) => invite.id === id)).toMatchObject({ email: 'new@example.org', usesLeft: 1 })
    const mail = await testApi.deps.db
      .selectFrom('mails')
      .select(['to_address', 'template', 'locale', 'state', 'data'])
      .where('to_address', '=', 'new@example.org')
      .executeTakeFirstOrThrow()
    expect(mail).toMatchObject({
      template: 'invitation',
      locale: 'ru',
      state: 'due',
      data: { link, inviter: 'Anna <b>' },
    })
  })

  test('no invitation is made for an address that has an account', async () => {
    const { email } = await signUpUser(testApi.deps)
    const before = (await api().admin.invites()).invites.length
    expect(await outcomeOf(api().admin.createInvite({ email }))).toBe('auth.email_taken')
    expect((await api().admin.invites()).invites).toHaveLength(before)
  })

  test.each([
    ['disabled', 'member', (userId: UserId) => api().admin.setDisabled({ userId, disabled: true })],
    ['no administrator any longer', 'member', (userId: UserId) => api().admin.setRole({ userId, role: 'member' })],
    ['an owner no longer', 'admin', (userId: UserId) => api().admin.setRole({ userId, role: 'admin' })],
  ] as const)('an invitation opens nothing when its inviter is %s', async (_name, role, happens) => {
    const inviter = await newUser(testApi.deps, { role: role === 'admin' ? 'owner' : 'admin' })
    const { id, link } = await callerFor(testApi.deps, inviter).admin.createInvite({ role, uses: 2 })
    const token = link.split('=')[1] ?? ''
    const stranger = newBrowser(testApi.deps)
    const comes = () => {
      const email = `${newId()}@example.org`
      return outcomeOf(
        stranger.api.auth.signUp({ token, name: 'Someone', email, password: goodPassword, locale: 'en' }),
      )
    }
    expect(await comes()).toBe('ok')
    await happens(inviter.userId)
    expect(await stranger.api.auth.invite({ token })).toBeNull()
    expect(await comes()).toBe('auth.invite_invalid')
    expect(await stateOf(id)).toBe('revoked')
  })

  test('an invitation has bounds for uses and days, and never makes an owner', async () => {
    for (const input of [
      { uses: 0 },
      { uses: 1001 },
      { uses: 1.5 },
      { days: 0 },
      { days: 366 },
      { role: 'owner' },
      { email: 'x' },
    ])
      expect([input, await outcomeOf(api().admin.createInvite(input as never))]).toEqual([input, 'input.invalid'])
  })
})
