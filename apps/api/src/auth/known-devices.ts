import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import type { Deps } from '../deps.ts'

/**
 * A browser that has signed in to an account keeps a cookie that says so, also after signing out. Its tries are counted apart, so that
 * strangers who guess passwords of an account lock nobody out who used it before. The cookie opens nothing by itself.
 */
export function newDeviceCookie(deps: Deps, email: string): string {
  const id = randomBytes(16).toString('base64url')
  return `${id}.${signature(deps, id, email)}`
}

/** The id of the device if this cookie was made for this account, else null. */
export function knownDevice(deps: Deps, cookie: string | undefined, email: string): string | null {
  const [id, given] = cookie?.split('.') ?? []
  if (!id || !given) return null
  const [one, other] = [Buffer.from(given), Buffer.from(signature(deps, id, email))]
  return one.length === other.length && timingSafeEqual(one, other) ? id : null
}

function signature({ env }: Deps, id: string, email: string): string {
  return createHmac('sha256', env.VECHE_SECRET).update(`device ${id} ${email}`).digest('base64url')
}
