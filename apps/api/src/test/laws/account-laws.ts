import type { InviteId } from '@veche/shared/ids'
import { createSetupLink } from '../../auth/setup-links.ts'
import { advance, changeScopes } from '../../platform/scopes/changes.ts'
import { newUser } from '../builders.ts'
import { callerFor, type TestApi } from '../harness.ts'
import { newMail } from '../mail/mails.ts'
import { codeFor, goodPassword, type signUpUser, newInvite, newBrowser } from '../http/browser.ts'
import { directoryScope } from '../../platform/scopes/scope.ts'

type Nora = Awaited<ReturnType<typeof signUpUser>>
type Action = (testApi: TestApi, nora: Nora) => Promise<unknown>

const next = 'another good sentence'

/** The mutations of accounts, each done once. Nora's first device observes; the mutation comes from her second device, or changes her. */
export const accountLaws: Record<string, Action> = {
  'auth.signIn': secondDevice,
  'auth.signUp': async (testApi) => {
    const { token } = await newInvite(testApi.deps)
    const form = {
      name: 'Newest',
      email: `${token.slice(0, 8).toLowerCase()}@example.org`,
      password: goodPassword,
      locale: 'ru' as const,
    }
    return newBrowser(testApi.deps).api.auth.signUp({ token, ...form })
  },
  'auth.setUp': async (testApi) => {
    await demoteOwners(testApi)
    const token = await newToken(testApi)
    const form = {
      name: 'First',
      email: `${token.slice(0, 8).toLowerCase()}@example.org`,
      password: goodPassword,
      locale: 'en' as const,
    }
    return newBrowser(testApi.deps).api.auth.setUp({ token, ...form })
  },
  'auth.recover': async (testApi, { email }) =>
    newBrowser(testApi.deps).api.auth.recover({ token: await newToken(testApi, email), password: next }),
  'auth.requestReset': (testApi, { email }) => newBrowser(testApi.deps).api.auth.requestReset({ email, locale: 'en' }),
  'auth.reset': async (testApi, { email }) => {
    const { api } = newBrowser(testApi.deps)
    await api.auth.requestReset({ email, locale: 'en' })
    return api.auth.reset({ email, code: await codeFor(testApi.deps, email), password: next })
  },
  'auth.changePassword': (_testApi, nora) => nora.api.auth.changePassword({ current: goodPassword, next }),
  'auth.signOut': async (testApi, nora) => (await secondDevice(testApi, nora)).api.auth.signOut(),
  'auth.signOutSession': async (testApi, nora) => {
    const { me } = await secondDevice(testApi, nora)
    return nora.api.auth.signOutSession({ sessionId: me.sessionId })
  },
  'auth.signOutOthers': async (testApi, nora) => {
    await secondDevice(testApi, nora)
    return nora.api.auth.signOutOthers()
  },
  'admin.setRole': async (testApi, nora) => (await owner(testApi)).setRole({ userId: nora.userId, role: 'admin' }),
  'admin.setDisabled': async (testApi, nora) =>
    (await owner(testApi)).setDisabled({ userId: nora.userId, disabled: true }),
  'admin.createInvite': async (testApi) => (await owner(testApi)).createInvite({}),
  'admin.revokeInvite': async (testApi) => {
    const { id } = await newInvite(testApi.deps)
    return (await owner(testApi)).revokeInvite({ inviteId: id as InviteId })
  },
  'admin.retryWork': async (testApi) => (await owner(testApi)).retryWork(await givenUp(testApi)),
  'admin.discardWork': async (testApi) => (await owner(testApi)).discardWork(await givenUp(testApi)),
  'sync.state': (_testApi, nora) => nora.api.sync.state({ scopes: [] }),
}

async function secondDevice(testApi: TestApi, { email }: Nora) {
  const { api } = newBrowser(testApi.deps)
  return { api, me: await api.auth.signIn({ email, password: goodPassword }) }
}

/** A server that has no owner yet. */
async function demoteOwners({ deps }: TestApi): Promise<void> {
  await changeScopes(deps, [directoryScope], async (tx) => {
    const rev = await advance(tx, directoryScope)
    await tx.db.updateTable('users').set({ role: 'member', rev }).where('role', '=', 'owner').execute()
  })
}

async function owner(testApi: TestApi) {
  return callerFor(testApi.deps, await newUser(testApi.deps, { role: 'owner' })).admin
}

async function newToken(testApi: TestApi, email?: string): Promise<string> {
  if (email) await newUser(testApi.deps, { role: 'owner' })
  return (await createSetupLink(testApi.deps, email)).url.split('/').at(-1) ?? ''
}

async function givenUp(testApi: TestApi) {
  const id = await newMail(testApi.deps)
  await testApi.deps.db.updateTable('mails').set({ state: 'given_up' }).where('id', '=', id).execute()
  return { kind: 'mail.send', id }
}
