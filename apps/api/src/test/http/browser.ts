import { sql } from 'kysely'
import { findActor } from '../../auth/sessions.ts'
import type { Anyone } from '../../ctx.ts'
import type { Deps } from '../../deps.ts'
import { appRouter } from '../../router.ts'
import { callerFactory } from '../../trpc.ts'
import { newUser } from '../builders.ts'
import { callerFor } from '../harness.ts'

let count = 0

/** A password that is on no list. */
export const goodPassword = 'correct horse battery'

/** A browser with an address of its own. It keeps the session cookie and sends it with each call. */
export function newBrowser(deps: Deps, given: { ip?: string; device?: string; token?: string } = {}) {
  count += 1
  const ip = given.ip ?? `10.1.${Math.floor(count / 250)}.${1 + (count % 250)}`
  const jar: { token?: string; until?: Date; deviceCookie?: string } = given.token ? { token: given.token } : {}
  const connection = {
    ip,
    device: given.device ?? 'Firefox on Linux',
    setCookie: (token: string, until: Date) => void Object.assign(jar, { token, until }),
    clearCookie: () => void delete jar.token,
    get deviceCookie() {
      return jar.deviceCookie
    },
    setDeviceCookie: (value: string) => void Object.assign(jar, { deviceCookie: value }),
  }
  const context = async (): Promise<Anyone> => ({ ...deps, actor: await findActor(deps, jar.token), connection })
  return { api: callerFactory(appRouter)(context), jar, ip, deps, connection }
}

/** An invitation from an owner, and its token. */
export async function newInvite(
  deps: Deps,
  input: { role?: 'member' | 'admin'; email?: string; uses?: number; days?: number } = {},
): Promise<{ id: string; token: string }> {
  const owner = await newUser(deps, { role: 'owner' })
  const { id, link } = await callerFor(deps, owner).admin.createInvite(input)
  return { id, token: new URL(link).searchParams.get('invite') ?? '' }
}

/** A user who signed up by an invitation, at their browser. */
export async function signUpUser(deps: Deps, given: { name?: string; email?: string; password?: string } = {}) {
  count += 1
  const { token } = await newInvite(deps)
  const email = given.email ?? `user${count}@example.org`
  const password = given.password ?? goodPassword
  const browser = newBrowser(deps)
  const me = await browser.api.auth.signUp({
    token,
    name: given.name ?? `Nora ${count}`,
    email,
    password,
    locale: 'en',
  })
  return { ...browser, me, email, password, userId: me.user.id }
}

/** The newest code that is mailed to this address, from the mail that waits to be sent. */
export async function codeFor(deps: Deps, email: string): Promise<string> {
  const row = await deps.db
    .selectFrom('mails')
    .select(sql<string>`data->>'code'`.as('code'))
    .where('to_address', '=', email)
    .where('template', '=', 'reset')
    .orderBy('id', 'desc')
    .executeTakeFirstOrThrow()
  return row.code
}

/** A code that is not this one. */
export function otherCode(code: string): string {
  return ((Number(code) + 1) % 1_000_000).toString().padStart(6, '0')
}
