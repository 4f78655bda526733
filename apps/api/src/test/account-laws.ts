import type { InviteId } from '@veche/shared/ids'
import { makeLink } from '../auth/links.ts'
import { advance, changeScope } from '../platform/scopes.ts'
import { directory } from '../users/accounts.ts'
import { newUser } from './builders.ts'
import { callerFor, type House } from './harness.ts'
import { newMail } from './mails.ts'
import { codeFor, goodPassword, type newcomer, newInvite, visitor } from './visitor.ts'

type Nora = Awaited<ReturnType<typeof newcomer>>
type Action = (house: House, nora: Nora) => Promise<unknown>

const next = 'another good sentence'

/** The mutations of accounts. Nora is watched on her first device; what is done happens on a second one, or to her. */
export const accountLaws: Record<string, Action> = {
  'auth.signIn': secondDevice,
  'auth.signUp': async (house) => {
    const { token } = await newInvite(house.deps)
    const form = {
      name: 'Newest',
      email: `${token.slice(0, 8).toLowerCase()}@example.org`,
      password: goodPassword,
      locale: 'ru' as const,
    }
    return visitor(house.deps).api.auth.signUp({ token, ...form })
  },
  'auth.setUp': async (house) => {
    await demoteOwners(house)
    const token = await newToken(house)
    const form = {
      name: 'First',
      email: `${token.slice(0, 8).toLowerCase()}@example.org`,
      password: goodPassword,
      locale: 'en' as const,
    }
    return visitor(house.deps).api.auth.setUp({ token, ...form })
  },
  'auth.recover': async (house, { email }) =>
    visitor(house.deps).api.auth.recover({ token: await newToken(house, email), password: next }),
  'auth.requestReset': (house, { email }) => visitor(house.deps).api.auth.requestReset({ email, locale: 'en' }),
  'auth.reset': async (house, { email }) => {
    const { api } = visitor(house.deps)
    await api.auth.requestReset({ email, locale: 'en' })
    return api.auth.reset({ email, code: await codeFor(house.deps, email), password: next })
  },
  'auth.changePassword': (_house, nora) => nora.api.auth.changePassword({ current: goodPassword, next }),
  'auth.signOut': async (house, nora) => (await secondDevice(house, nora)).api.auth.signOut(),
  'auth.signOutSession': async (house, nora) => {
    const { me } = await secondDevice(house, nora)
    return nora.api.auth.signOutSession({ sessionId: me.sessionId })
  },
  'auth.signOutOthers': async (house, nora) => {
    await secondDevice(house, nora)
    return nora.api.auth.signOutOthers()
  },
  'admin.setRole': async (house, nora) => (await owner(house)).setRole({ userId: nora.userId, role: 'admin' }),
  'admin.setDisabled': async (house, nora) => (await owner(house)).setDisabled({ userId: nora.userId, disabled: true }),
  'admin.createInvite': async (house) => (await owner(house)).createInvite({}),
  'admin.revokeInvite': async (house) => {
    const { id } = await newInvite(house.deps)
    return (await owner(house)).revokeInvite({ inviteId: id as InviteId })
  },
  'admin.retryMail': async (house) => (await owner(house)).retryMail({ mailId: await givenUp(house) }),
  'admin.discardMail': async (house) => (await owner(house)).discardMail({ mailId: await givenUp(house) }),
  'sync.state': (_house, nora) => nora.api.sync.state({ scopes: [] }),
}

async function secondDevice(house: House, { email }: Nora) {
  const { api } = visitor(house.deps)
  return { api, me: await api.auth.signIn({ email, password: goodPassword }) }
}

/** As on a server that has no owner yet. */
async function demoteOwners({ deps }: House): Promise<void> {
  await changeScope(deps, directory, async (tx) => {
    const rev = await advance(tx, directory)
    await tx.db.updateTable('users').set({ role: 'member', rev }).where('role', '=', 'owner').execute()
  })
}

async function owner(house: House) {
  return callerFor(house.deps, await newUser(house.deps, { role: 'owner' })).admin
}

async function newToken(house: House, email?: string): Promise<string> {
  if (email) await newUser(house.deps, { role: 'owner' })
  return (await makeLink(house.deps, email)).url.split('/').at(-1) ?? ''
}

async function givenUp(house: House) {
  const mailId = await newMail(house.deps)
  await house.deps.db.updateTable('mails').set({ state: 'given_up' }).where('id', '=', mailId).execute()
  return mailId
}
