import { createHmac, randomInt, timingSafeEqual } from 'node:crypto'
import { newId, type UserId } from '@veche/shared/ids'
import { limits } from '@veche/shared/limits'
import type { RequestReset, Reset } from '@veche/shared/schemas/auth'
import { sql } from 'kysely'
import type { Anyone } from '../ctx.ts'
import type { Deps } from '../deps.ts'
import { must } from '../errors.ts'
import { queueMail } from '../mail/mails.ts'
import { sqlIn, sqlNow } from '../platform/clock.ts'
import { lockScopes } from '../platform/scopes.ts'
import { inTransaction } from '../platform/transaction.ts'
import { addressKey, countAttempt } from './attempts.ts'
import { mustBeUncommon } from './common-passwords.ts'
import { enter, type Me } from './me.ts'
import { hashPassword } from './passwords.ts'
import { setPassword } from './password-change.ts'
import { openSession } from './sessions.ts'
import { ownScope } from './sign-in.ts'

const lifetime = limits.code.minutes * 60_000

/**
 * The same answer after the same statements, whether there is such an account or not: for nobody a code is kept that nobody
 * learns, and a mail that is never sent.
 */
export async function requestReset(ctx: Anyone, { email, locale }: RequestReset): Promise<Record<string, never>> {
  await countAttempt(ctx, { rule: 'code.ask.address', of: addressKey(ctx.connection.ip) })
  await countAttempt(ctx, { rule: 'code.ask.account', of: email })
  const person = await findPerson(ctx, email)
  const code = randomInt(10 ** limits.code.digits)
    .toString()
    .padStart(limits.code.digits, '0')
  await inTransaction(ctx, async (tx) => {
    const row = { id: newId<string>(ctx.clock.now()), purpose: 'reset', target: email }
    await tx.db
      .insertInto('codes')
      .values({ ...row, code_hash: hashCode(ctx, email, code), expires_at: sqlIn(lifetime) })
      .execute()
    const expiresAt = new Date(ctx.clock.now() + lifetime).toISOString()
    const letter = { template: 'reset' as const, code, expiresAt }
    await queueMail(tx, { to: email, locale: person?.locale ?? locale, letter, really: person !== undefined })
  })
  return {}
}

export async function reset(ctx: Anyone, { email, code, password }: Reset): Promise<Me> {
  await countAttempt(ctx, { rule: 'code.try.address', of: addressKey(ctx.connection.ip) })
  await countAttempt(ctx, { rule: 'code.try.account', of: email })
  // Judged by what was typed alone, and before the code: a poor choice costs no try and tells nothing about anybody.
  mustBeUncommon({ password, email, name: '' })
  const codeId = await tryCode(ctx, email, code)
  const person = await findPerson(ctx, email)
  must(codeId && person, 'auth.wrong_code')
  const passwordHash = await hashPassword(ctx, password)
  return enter(ctx, async (tx) => {
    await lockScopes(tx, [{ kind: 'user', id: person.id }, ...ownScope(tx)])
    const spent = await tx.db
      .updateTable('codes')
      .set({ used_at: sqlNow })
      .where('id', '=', codeId)
      .where('used_at', 'is', null)
      .returning('id')
      .executeTakeFirst()
    must(spent && (await findPerson(tx, email)), 'auth.wrong_code')
    await setPassword(tx, { userId: person.id, passwordHash })
    return openSession(tx, person.id)
  })
}

type Person = { id: UserId; locale: 'ru' | 'en' }

function findPerson(ctx: Pick<Anyone, 'db'>, email: string): Promise<Person | undefined> {
  return ctx.db
    .selectFrom('users')
    .innerJoin('user_settings', 'user_settings.user_id', 'users.id')
    .select(['users.id', 'user_settings.locale'])
    .where('users.email', '=', email)
    .where('users.disabled_at', 'is', null)
    .executeTakeFirst()
}

/**
 * Spends one try of the newest code of this address; older ones are dead. The try is committed before the code is compared, so
 * that no number of requests at once makes a sixth.
 */
async function tryCode(ctx: Anyone, email: string, code: string): Promise<string | null> {
  const newest = sql<string>`(select id from codes where purpose = 'reset' and target = ${email}
    order by created_at desc, id desc limit 1)`
  const tried = await ctx.db
    .updateTable('codes')
    .set((eb) => ({ attempts: eb('attempts', '+', 1) }))
    .where('id', '=', newest)
    .where('attempts', '<', limits.code.tries)
    .where('used_at', 'is', null)
    .where('expires_at', '>', sqlNow)
    .returning(['id', 'code_hash'])
    .executeTakeFirst()
  const given = hashCode(ctx, email, code)
  return tried && timingSafeEqual(given, tried.code_hash) ? tried.id : null
}

/** A million codes are hashed in a second: without the server's secret the table would give them away. */
function hashCode({ env }: Deps, email: string, code: string): Buffer {
  return createHmac('sha256', env.VECHE_SECRET).update(`reset ${email} ${code}`).digest()
}
