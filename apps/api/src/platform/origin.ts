import type { Env } from '../env.ts'
import { isLocal } from '../env.ts'

const loopback = /^(localhost|127\.0\.0\.1|\[::1\])$/

/** Whether a page of this origin may speak for the person whose cookie comes along. */
export function isOwnOrigin(env: Env, origin: string | undefined): boolean {
  if (!origin) return false
  if (origin === env.PUBLIC_URL) return true
  // On one machine localhost has three names; the port must still be ours.
  if (!isLocal(env) || !URL.canParse(origin)) return false
  const asked = new URL(origin)
  return loopback.test(asked.hostname) && asked.protocol === 'http:' && asked.port === new URL(env.PUBLIC_URL).port
}
