import { createHmac } from 'node:crypto'
import { addressKey } from '@veche/shared/addresses/address-key'
import { sql } from 'kysely'
import type { Anyone } from '../ctx.ts'
import type { Deps } from '../deps.ts'
import { fail } from '../errors.ts'
import { knownDevice } from './known-devices.ts'

/**
 * How often something may be tried within `minutes`, whatever the outcome: at one account by a device that has signed in to it before,
 * by all such devices together, and by all others from one address (`pair`), from one address at any account, and from all addresses at one account.
 */
const rules = {
  'signIn.device': { tries: 10, minutes: 15 },
  'signIn.devices': { tries: 30, minutes: 15 },
  'signIn.pair': { tries: 10, minutes: 15 },
  'signIn.address': { tries: 50, minutes: 15 },
  'signIn.account': { tries: 100, minutes: 15 },
  'password.account': { tries: 10, minutes: 15 },
  'code.ask.device': { tries: 3, minutes: 15 },
  'code.ask.devices': { tries: 6, minutes: 15 },
  'code.ask.pair': { tries: 3, minutes: 15 },
  'code.ask.address': { tries: 20, minutes: 15 },
  'code.ask.account': { tries: 6, minutes: 15 },
  'code.try.device': { tries: 15, minutes: 15 },
  'code.try.devices': { tries: 30, minutes: 15 },
  'code.try.pair': { tries: 15, minutes: 15 },
  'code.try.address': { tries: 50, minutes: 15 },
  'code.try.account': { tries: 30, minutes: 15 },
} as const

export type AttemptRule = keyof typeof rules
export type Attempt = { rule: AttemptRule; of: string }

/** Counts a try at this account by all rules that hold for this client, before it is made. */
export async function countAttempts(
  ctx: Anyone,
  kind: 'signIn' | 'code.ask' | 'code.try',
  email: string,
): Promise<{ isKnownDevice: boolean; attempts: Attempt[] }> {
  const device = await knownDevice(ctx, ctx.connection.deviceCookie, email)
  const address = addressKey(ctx.connection.ip)
  const attempts: Attempt[] = device
    ? [
        { rule: `${kind}.device`, of: `${device} ${email}` },
        { rule: `${kind}.devices`, of: email },
      ]
    : [
        { rule: `${kind}.address`, of: address },
        { rule: `${kind}.pair`, of: `${address} ${email}` },
        { rule: `${kind}.account`, of: email },
      ]
  for (const attempt of attempts) await countAttempt(ctx, attempt)
  return { isKnownDevice: device !== null, attempts }
}

/**
 * After a success this client has all its tries at the account again. What it shares with others gets back this one try only, so that
 * an attacker cannot clear the failures of an address by signing in themselves.
 */
export async function settleAttempts(ctx: Deps, attempts: Attempt[]): Promise<void> {
  const isOwn = ({ rule }: Attempt) => rule.endsWith('.device') || rule.endsWith('.pair')
  await Promise.all(
    attempts.map((attempt) => (isOwn(attempt) ? forgetAttempts(ctx, attempt) : giveBackAttempt(ctx, attempt))),
  )
}

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
  if (count > tries) fail('request.too_many', { retryAfterSeconds: Math.max(1, Math.ceil(left)) })
}

export async function forgetAttempts(ctx: Deps, attempt: Attempt): Promise<void> {
  await ctx.db.deleteFrom('attempts').where('key', '=', keyOf(ctx, attempt)).execute()
}

async function giveBackAttempt(ctx: Deps, attempt: Attempt): Promise<void> {
  await ctx.db
    .updateTable('attempts')
    .set((eb) => ({ count: eb('count', '-', 1) }))
    .where('key', '=', keyOf(ctx, attempt))
    .where('window_start', '=', windowStart(rules[attempt.rule].minutes))
    .where('count', '>', 0)
    .execute()
}

/** A keyed hash: the table does not tell who tried to sign in. */
export function keyOf({ env }: Deps, { rule, of }: Attempt): Buffer {
  return createHmac('sha256', env.VECHE_SECRET).update(`attempt ${rule} ${of}`).digest()
}

function windowStart(minutes: number) {
  return sql<Date>`date_bin(${minutes} * interval '1 minute', veche_now(), timestamptz '2020-01-01')`
}
