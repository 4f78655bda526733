import type { Env } from '../env.ts'

export type SessionCookie = { name: string; secure: boolean }

/**
 * Over https the prefix of the name makes browsers refuse a cookie that another page of the domain has set. Safari keeps no secure
 * cookie on http://localhost, so it is a plain one there.
 */
export function sessionCookie({ PUBLIC_URL }: Pick<Env, 'PUBLIC_URL'>): SessionCookie {
  return PUBLIC_URL.startsWith('https:') ? { name: '__Host-veche', secure: true } : { name: 'veche', secure: false }
}
