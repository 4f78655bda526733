import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import type { Deps } from '../deps.ts'

/**
 * A browser that has signed in to an account keeps a cookie that says so, also after signing out. Its tries are counted apart, so that
 * strangers who guess passwords of an account lock nobody out who used it before. The cookie opens nothing by itself, and it is worth
 * nothing once the account has another password: a thief who was shut out by a new password is a stranger again.
 */
export async function newDeviceCookie(deps: Deps, email: string): Promise<string> {
  const id = randomBytes(16).toString('base64url')
  return `${id}.${signature(deps, { id, email, passwordHash: await readPasswordHash(deps, email) })}`
}

/** The id of the device if this cookie was made for this account and its present password, else null. */
export async function knownDevice(deps: Deps, cookie: string | undefined, email: string): Promise<string | null> {
  const [id, given] = cookie?.split('.') ?? []
  if (!id || !given) return null
  // The same statement for unknown accounts, so that the time tells nothing.
  const passwordHash = await readPasswordHash(deps, email)
  const [one, other] = [Buffer.from(given), Buffer.from(signature(deps, { id, email, passwordHash }))]
  return one.length === other.length && timingSafeEqual(one, other) ? id : null
}

async function readPasswordHash({ db }: Deps, email: string): Promise<string> {
  const found = await db.selectFrom('users').select('password_hash').where('email', '=', email).executeTakeFirst()
  return found?.password_hash ?? ''
}

function signature(
  { env }: Deps,
  { id, email, passwordHash }: Record<'id' | 'email' | 'passwordHash', string>,
): string {
  return createHmac('sha256', env.VECHE_SECRET).update(`device ${id} ${email} ${passwordHash}`).digest('base64url')
}
