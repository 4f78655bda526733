import { createHash, randomBytes } from 'node:crypto'
import { createTRPCClient, httpLink, type TRPCClient } from '@trpc/client'
import type { AppRouter } from '@veche/api/router'
import { type ChatId, DIRECTORY_SCOPE, newId, type SessionId, type UserId } from '@veche/shared/ids'
import type { Installation } from './Installation.ts'

type Person = { userId: UserId; name: string; email: string; password: string }
/** Somebody with a session, as one process can tell it to another. */
export type SignedIn = Person & { session: string }
export type Account = Person & {
  api: TRPCClient<AppRouter>
  /** A session of its own, which a browser may take over. */
  cookie: () => string
}

export const PASSWORD = 'a pot of honey 7'

const AGENT = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36'

type Given = { name: string; email?: string; locale?: 'ru' | 'en' }
export type NewAccount = Given & { role?: 'member' | 'admin'; kind?: 'person' | 'guest' }

/** Makes the owner by the one-time link. */
export async function newOwner(installation: Installation, given: Given): Promise<Account> {
  const token = (await installation.adminLink('--first')).split('/').at(-1) ?? ''
  return signUp(installation, given, async (api, form) => (await api.auth.setUp.mutate({ token, ...form })).user.id)
}

/** Makes an account by an invitation. */
export async function acceptInvitation(installation: Installation, link: string, given: Given): Promise<Account> {
  const token = new URL(link).searchParams.get('invite') ?? ''
  return signUp(installation, given, async (api, form) => (await api.auth.signUp.mutate({ token, ...form })).user.id)
}

/**
 * Makes an account with a session as signing up leaves it, without the hash of a password, which would cost a fifth of a second: it
 * has the owner's.
 */
export async function insertAccount(installation: Installation, given: NewAccount): Promise<Account> {
  const { name, role = 'member', kind = 'person', locale = 'en', email = newEmail() } = given
  const userId = newId<UserId>()
  const session = randomBytes(32).toString('base64url')
  await installation.sql(insertion, [
    ...[DIRECTORY_SCOPE, userId, `p${userId.replaceAll('-', '').slice(-24)}`, name, email, role, locale],
    ...[newId<SessionId>(), createHash('sha256').update(session).digest(), AGENT, kind],
  ])
  return accountOf(installation, { userId, name, email, password: PASSWORD, session })
}

const insertion = `
  with directory as (update scopes set rev = rev + 1 where id = $1 returning rev),
    own as (insert into scopes (id, kind, rev) values ($2, 'user', 1)),
    person as (
      insert into users (id, handle, name, email, role, kind, rev, password_hash)
      select $2, $3, $4, $5, $6, $11, directory.rev, (select password_hash from users where role = 'owner' limit 1) from directory
      returning id),
    settings as (insert into user_settings (user_id, locale, rev) select id, $7, 1 from person)
  insert into sessions (id, user_id, token_hash, device, ip, expires_at, rev)
  select $8, id, $9, $10, '127.0.0.1', now() + interval '1 day', 1 from person`

/** Another session of the same person, as a second device has one. */
export async function newSession(installation: Installation, account: Account): Promise<Account> {
  const { api, cookie } = newClient(installation)
  await api.auth.signIn.mutate({ email: account.email, password: account.password })
  return { ...account, api, cookie }
}

export function accountOf(installation: Installation, { session, ...person }: SignedIn): Account {
  return { ...person, ...newClient(installation, session) }
}

export async function newGroup(owner: Account, title: string, others: Account[]): Promise<ChatId> {
  const id = newId<ChatId>()
  await owner.api.chats.createGroup.mutate({ id, title, userIds: others.map(({ userId }) => userId) })
  // They have seen that somebody added them.
  await Promise.all(others.map(({ api }) => api.chats.setMine.mutate({ chatId: id, unreadMark: false })))
  return id
}

export async function newDirect(one: Account, other: Account): Promise<ChatId> {
  return (await one.api.chats.openDirect.mutate({ userId: other.userId })).id as ChatId
}

/** Sends messages without a browser. */
export async function send(who: Account, chatId: ChatId, ...bodies: string[]): Promise<void> {
  for (const body of bodies) await who.api.messages.send.mutate({ chatId, clientId: newId(), body })
}

type Form = { name: string; email: string; password: string; locale: 'ru' | 'en' }

async function signUp(
  installation: Installation,
  { name, email = newEmail(), locale = 'en' }: Given,
  act: (api: TRPCClient<AppRouter>, form: Form) => Promise<UserId>,
): Promise<Account> {
  const { api, cookie } = newClient(installation)
  const form = { name, email, password: PASSWORD, locale }
  const userId = await act(api, form)
  return { userId, name, email, password: PASSWORD, api, cookie }
}

function newEmail(): string {
  return `${randomBytes(6).toString('hex')}@example.org`
}

/** Over HTTPS the name says that the cookie belongs to this host alone. */
export function sessionCookieName({ url }: Installation): string {
  return url.startsWith('https:') ? '__Host-veche' : 'veche'
}

/** A client that keeps its session as a browser would. */
function newClient(installation: Installation, session = '') {
  let kept = session
  const cookieName = sessionCookieName(installation)
  const api = createTRPCClient<AppRouter>({
    links: [
      httpLink({
        url: `${installation.apiUrl}/api/trpc`,
        headers: () => ({ 'x-veche': '1', 'user-agent': AGENT, ...(kept ? { cookie: `${cookieName}=${kept}` } : {}) }),
        fetch: async (url, options) => {
          const answer = await fetch(url, options as RequestInit)
          for (const cookie of answer.headers.getSetCookie())
            kept = /^(?:__Host-)?veche=([^;]*)/.exec(cookie)?.[1] ?? kept
          return answer
        },
      }),
    ],
  })
  return { api, cookie: () => kept }
}
