import { createHmac, randomInt, timingSafeEqual } from 'node:crypto'
import { newId, type UserId } from '@veche/shared/ids'
import { limits } from '@veche/shared/limits'
import type { RequestReset, Reset } from '@veche/shared/schemas/auth'
import { sql } from 'kysely'
import type { Anyone, Tx } from '../../ctx.ts'
import type { Deps } from '../../deps.ts'
import { must } from '../../errors.ts'
import { queueMail } from '../../mail/mails.ts'
import { sqlIn, sqlNow } from '../../platform/clock.ts'
import { userScope } from '../../platform/scopes/scope.ts'
import { inTransaction } from '../../platform/transaction.ts'
import { countAttempts } from '../attempts.ts'
import { requireUncommonPassword } from './common-passwords.ts'
import { signInWith, type Me } from '../me.ts'
import { hashPassword } from './passwords.ts'
import { setPassword } from './password-change.ts'
import { createSession } from '../sessions.ts'

const lifetimeMs = limits.code.minutes * 60_000

/**
 * Gives the same answer after the same statements, whether the account exists or not: otherwise the time would tell. Without an account
 * it keeps a code that nobody learns and a mail that is never sent.
 */
export async function requestPasswordReset(
  ctx: Anyone,
  { email, locale }: RequestReset,
): Promise<Record<string, never>> {
  await countAttempts(ctx, 'code.ask', email)
  const person = await findPerson(ctx, email)
  const code = randomInt(10 ** limits.code.digits)
    .toString()
    .padStart(limits.code.digits, '0')
  await inTransaction(ctx, async (tx) => {
    const row = { id: newId<string>(ctx.clock.now()), purpose: 'reset', target: email }
    await tx.db
      .insertInto('codes')
      .values({ ...row, code_hash: hashCode(ctx, email, code), expires_at: sqlIn(lifetimeMs) })
      .execute()
    const expiresAt = new Date(ctx.clock.now() + lifetimeMs).toISOString()
    const letter = { template: 'reset' as const, code, expiresAt }
    await queueMail(tx, { to: email, locale: person?.locale ?? locale, letter, shouldSend: person !== undefined })
  })
  return {}
}

export async function resetPassword(ctx: Anyone, { email, code, password }: Reset): Promise<Me> {
  const { isKnownDevice } = await countAttempts(ctx, 'code.try', email)
  // Before the code is tried, and by the input alone: a refused password costs no try and tells nothing about the account.
  requireUncommonPassword({ password, email, name: '' })
  const codeId = await tryCode(ctx, { email, code, isKnownDevice })
  const person = await findPerson(ctx, email)
  must(codeId && person, 'auth.wrong_code')
  const passwordHash = await hashPassword(ctx, password)
  return signInWith(ctx, userScope(person.id), async (tx) => {
    must((await spendCode(tx, codeId)) && (await findPerson(tx, email)), 'auth.wrong_code')
    await setPassword(tx, { userId: person.id, passwordHash })
    return createSession(tx, person.id)
  })
}

type Person = { id: UserId; locale: string }

function findPerson(ctx: Pick<Anyone, 'db'>, email: string): Promise<Person | undefined> {
  return ctx.db
    .selectFrom('users')
    .innerJoin('user_settings', 'user_settings.user_id', 'users.id')
    .select(['users.id', 'user_settings.locale'])
    .where('users.email', '=', email)
    .where('users.disabled_at', 'is', null)
    .executeTakeFirst()
}

type CodeTry = { email: string; code: string; isKnownDevice: boolean }

/**
 * Spends one try of the newest code of this address; older codes are not valid. The try is committed before the code is compared,
 * so that requests at the same time get no sixth try. A device that is known for this account has tries of its own, which strangers
 * cannot spend.
 */
async function tryCode(ctx: Anyone, { email, code, isKnownDevice }: CodeTry): Promise<string | null> {
  const newest = sql<string>`(select id from codes where purpose = 'reset' and target = ${email}
    order by created_at desc, id desc limit 1)`
  const tried = await ctx.db
    .updateTable('codes')
    .set((eb) => ({ attempts: eb('attempts', '+', 1) }))
    .where('id', '=', newest)
    .$if(!isKnownDevice, (query) => query.where('attempts', '<', limits.code.tries))
    .where('used_at', 'is', null)
    .where('expires_at', '>', sqlNow)
    .returning(['id', 'code_hash'])
    .executeTakeFirst()
  const given = hashCode(ctx, email, code)
  return tried && timingSafeEqual(given, tried.code_hash) ? tried.id : null
}

/** False when another request was faster. */
async function spendCode(tx: Tx<Anyone>, id: string): Promise<boolean> {
  const spent = await tx.db
    .updateTable('codes')
    .set({ used_at: sqlNow })
    .where('id', '=', id)
    .where('used_at', 'is', null)
    .returning('id')
    .executeTakeFirst()
  return spent !== undefined
}

/** A million codes can be hashed in a second: the server's secret keeps a copy of the table from telling the codes. */
function hashCode({ env }: Deps, email: string, code: string): Buffer {
  return createHmac('sha256', env.VECHE_SECRET).update(`reset ${email} ${code}`).digest()
}
