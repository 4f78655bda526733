import { createHmac } from 'node:crypto'
import { isIPv6 } from 'node:net'
import { sql } from 'kysely'
import type { Deps } from '../deps.ts'
import { fail } from '../errors.ts'

/** How often something may be tried within `minutes`, by account or by address, whatever the outcome. */
const rules = {
  'signIn.account': { tries: 10, minutes: 15 },
  'signIn.address': { tries: 50, minutes: 15 },
  'password.account': { tries: 10, minutes: 15 },
  'code.ask.account': { tries: 3, minutes: 15 },
  'code.ask.address': { tries: 20, minutes: 15 },
  'code.try.account': { tries: 15, minutes: 15 },
  'code.try.address': { tries: 50, minutes: 15 },
} as const

export type AttemptRule = keyof typeof rules
export type Attempt = { rule: AttemptRule; of: string }

/**
 * Counts a try before it is made, in one statement, so that a thousand requests at the same time get no more tries than ten may have.
 * Postgres keeps the count: losing Redis lets nobody try more.
 */
export async function countAttempt(ctx: Deps, attempt: Attempt): Promise<void> {
  const { tries, minutes } = rules[attempt.rule]
  const { rows } = await sql<{ count: number; left: number }>`
    insert into attempts (key, window_start, count) values (${keyOf(ctx, attempt)}, ${windowStart(minutes)}, 1)
    on conflict (key, window_start) do update set count = attempts.count + 1
    returning count, extract(epoch from window_start - veche_now())::float8 + ${minutes * 60}::float8 as left`.execute(
    ctx.db,
  )
  const { count, left } = rows[0] ?? { count: 1, left: 0 }
  if (count > tries) fail('request.too_many', { retryAfter: Math.max(1, Math.ceil(left)) })
}

/** After a success the account has all its tries again. Never for an address: an attacker may share it. */
export async function forgetAttempts(ctx: Deps, attempt: Attempt): Promise<void> {
  await ctx.db.deleteFrom('attempts').where('key', '=', keyOf(ctx, attempt)).execute()
}

/** Gives back one try only, so that an attacker cannot clear the failures of an address by signing in themselves. */
export async function giveBackAttempt(ctx: Deps, attempt: Attempt): Promise<void> {
  await ctx.db
    .updateTable('attempts')
    .set((eb) => ({ count: eb('count', '-', 1) }))
    .where('key', '=', keyOf(ctx, attempt))
    .where('window_start', '=', windowStart(rules[attempt.rule].minutes))
    .where('count', '>', 0)
    .execute()
}

/** The 2^64 addresses of one household of IPv6 count as one. */
export function addressKey(ip: string): string {
  const plain = ip.replace(/^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/, '')
  if (!isIPv6(plain)) return plain
  const [head = '', tail] = plain.split('::')
  const before = head.split(':').filter(Boolean)
  const after = tail === undefined ? [] : tail.split(':').filter(Boolean)
  const zeros = Array<string>(Math.max(0, 8 - before.length - after.length)).fill('0')
  const groups = tail === undefined ? before : [...before, ...zeros, ...after]
  return groups
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, '').toLowerCase())
    .join(':')
}

/** A keyed hash: the table does not tell who tried to sign in. */
export function keyOf({ env }: Deps, { rule, of }: Attempt): Buffer {
  return createHmac('sha256', env.VECHE_SECRET).update(`attempt ${rule} ${of}`).digest()
}

function windowStart(minutes: number) {
  return sql<Date>`date_bin(${minutes} * interval '1 minute', veche_now(), timestamptz '2020-01-01')`
}
