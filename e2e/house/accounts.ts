import { createTRPCClient, httpLink, type TRPCClient } from '@trpc/client'
import type { AppRouter } from '@veche/api/router'
import { type ChatId, newId, type UserId } from '@veche/shared/ids'
import type { Installation } from './Installation.ts'

export type Account = {
  userId: UserId
  name: string
  email: string
  password: string
  api: TRPCClient<AppRouter>
  /** A session of its own, which a browser may take over. */
  cookie: () => string
}

export const PASSWORD = 'a pot of honey 7'

const AGENT = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36'

type Given = { name: string; email?: string; locale?: 'ru' | 'en' }

/** The owner, by the one-time link. What people do on screens has tests of its own; here they are made quickly. */
export async function newOwner(house: Installation, given: Given): Promise<Account> {
  const token = (await house.adminLink('--first')).split('/').at(-1) ?? ''
  return enter(house, given, async (api, rest) => (await api.auth.setUp.mutate({ token, ...rest })).user.id)
}

/** Somebody invited by this owner or administrator, with a link of their own or with this one. */
export async function newAccount(
  house: Installation,
  host: Account,
  { admin, link, ...given }: Given & { admin?: boolean; link?: string },
): Promise<Account> {
  const invitation = link ?? (await inviteBy(host, admin ? 'admin' : 'member'))
  const token = new URL(invitation).searchParams.get('invite') ?? ''
  return enter(house, given, async (api, rest) => (await api.auth.signUp.mutate({ token, ...rest })).user.id)
}

async function inviteBy(host: Account, role: 'admin' | 'member'): Promise<string> {
  return (await host.api.admin.createInvite.mutate({ role, uses: 1, days: 1 })).link
}

/** Another session of the same person, as a second device has one. */
export async function anotherSession(house: Installation, account: Account): Promise<Account> {
  const { api, cookie } = newClient(house)
  await api.auth.signIn.mutate({ email: account.email, password: account.password })
  return { ...account, api, cookie }
}

export async function newGroup(owner: Account, title: string, others: Account[]): Promise<ChatId> {
  const id = newId<ChatId>()
  await owner.api.chats.createGroup.mutate({ id, title, userIds: others.map(({ userId }) => userId) })
  return id
}

export async function newDirect(one: Account, other: Account): Promise<ChatId> {
  return (await one.api.chats.openDirect.mutate({ userId: other.userId })).id as ChatId
}

export async function say(who: Account, chatId: ChatId, ...bodies: string[]): Promise<void> {
  for (const body of bodies) await who.api.messages.send.mutate({ chatId, clientId: newId(), body })
}

type Rest = { name: string; email: string; password: string; locale: 'ru' | 'en' }
let count = 0

async function enter(
  house: Installation,
  { name, email, locale = 'en' }: Given,
  act: (api: TRPCClient<AppRouter>, rest: Rest) => Promise<UserId>,
): Promise<Account> {
  count += 1
  const { api, cookie } = newClient(house)
  const rest = { name, email: email ?? `person${count}@example.org`, password: PASSWORD, locale }
  const userId = await act(api, rest)
  return { userId, name, email: rest.email, password: PASSWORD, api, cookie }
}

/** A client that keeps its session as a browser would. */
function newClient(house: Installation) {
  let kept = ''
  const api = createTRPCClient<AppRouter>({
    links: [
      httpLink({
        url: `${house.url}/api/trpc`,
        headers: () => ({ 'x-veche': '1', 'user-agent': AGENT, ...(kept ? { cookie: `__Host-veche=${kept}` } : {}) }),
        fetch: async (url, options) => {
          const answer = await fetch(url, options as RequestInit)
          for (const cookie of answer.headers.getSetCookie()) kept = /^__Host-veche=([^;]*)/.exec(cookie)?.[1] ?? kept
          return answer
        },
      }),
    ],
  })
  return { api, cookie: () => kept }
}
