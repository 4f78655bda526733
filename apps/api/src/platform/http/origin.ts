import type { Env } from '../../env.ts'
import { isLocal } from '../../env.ts'

const loopback = /^(localhost|127\.0\.0\.1|\[::1\])$/

/** Whether a page of this origin may act for the person whose cookie it sends. */
export function isOwnOrigin(env: Env, origin: string | undefined): boolean {
  if (!origin) return false
  if (origin === env.PUBLIC_URL) return true
  // On one machine localhost has three names; the port must still be this one.
  if (!isLocal(env) || !URL.canParse(origin)) return false
  const { hostname, protocol, port } = new URL(origin)
  return loopback.test(hostname) && protocol === 'http:' && port === new URL(env.PUBLIC_URL).port
}
