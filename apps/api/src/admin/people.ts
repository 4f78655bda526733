import type { UserId } from '@veche/shared/ids'
import { mayManageUser, type ServerRole } from '@veche/shared/permissions'
import type { PersonRow } from '@veche/shared/rows/rows'
import type { AdminPeople, SetDisabled, SetServerRole } from '@veche/shared/schemas/admin'
import { sql } from 'kysely'
import { endCodes } from '../auth/password-change.ts'
import { endSessions } from '../auth/sessions.ts'
import type { Ctx, Tx } from '../ctx.ts'
import { fail, must } from '../errors.ts'
import { iso, isoOrNull, sqlNow } from '../platform/clock.ts'
import { advance, lockScopes } from '../platform/scopes.ts'
import { inTransaction } from '../platform/transaction.ts'
import { directory } from '../users/accounts.ts'
import { after, pageOf } from '../users/name-pages.ts'
import { personColumns, toPerson } from '../users/rows.ts'

export type Account = PersonRow & { email: string; createdAt: string; seenAt: string | null; online: boolean }

/** Everybody there is, disabled ones too, by name. */
export async function accounts(ctx: Ctx, input: AdminPeople): Promise<{ people: Account[]; next: string | null }> {
  const rows = await ctx.db
    .selectFrom('users')
    .select([...personColumns, 'email', 'created_at', 'seen_at'])
    .select(sql<string>`lower(name)`.as('sort'))
    .where(after(input))
    .orderBy(sql`lower(name)`)
    .orderBy('id')
    .limit(input.limit + 1)
    .execute()
  const { kept, next } = pageOf(rows, input.limit)
  const online = await onlineOf(
    ctx,
    kept.map(({ id }) => id),
  )
  const people = kept.map((row) => ({
    ...toPerson(row),
    email: row.email,
    createdAt: iso(row.created_at),
    seenAt: isoOrNull(row.seen_at),
    online: online.has(row.id),
  }))
  return { people, next }
}

/** Nobody gives a role that is not theirs to manage, so an admin makes no admins. */
export function setRole(ctx: Ctx, { userId, role }: SetServerRole): Promise<PersonRow> {
  return inTransaction(ctx, async (tx) => {
    await lockScopes(tx, [directory])
    const { actor, target } = await both(tx, userId)
    must(mayManageUser(actor, target.role) && mayManageUser(actor, role), 'user.forbidden')
    if (target.role === role) return toPerson(target)
    if (target.role === 'owner') await mustNotBeLast(tx, userId)
    const changed = await stamp(tx, userId, { role })
    tx.after.sessions.push({ userId })
    return changed
  })
}

/** A disabled person is out everywhere within a second, and nothing on its way lets them in again. */
export function setDisabled(ctx: Ctx, { userId, disabled }: SetDisabled): Promise<PersonRow> {
  return inTransaction(ctx, async (tx) => {
    must(await exists(tx, userId), 'user.not_found')
    await lockScopes(tx, [{ kind: 'user', id: userId }, directory])
    const { actor, target } = await both(tx, userId)
    must(mayManageUser(actor, target.role), 'user.forbidden')
    if ((target.disabled_at !== null) === disabled) return toPerson(target)
    if (disabled && target.role === 'owner') await mustNotBeLast(tx, userId)
    must(userId !== tx.actor.userId, 'user.forbidden')
    if (disabled) {
      await endSessions(tx, userId)
      await endCodes(tx, { userId, email: target.email })
    }
    return stamp(tx, userId, { disabled_at: disabled ? sqlNow : null })
  })
}

/** Who is told apart is read under the lock: the one who asks may have lost the right a moment ago. */
async function both(tx: Tx, userId: UserId) {
  const rows = await tx.db
    .selectFrom('users')
    .select([...personColumns, 'email'])
    .where('id', 'in', [userId, tx.actor.userId])
    .execute()
  const actor = rows.find(({ id }) => id === tx.actor.userId)
  const target = rows.find(({ id }) => id === userId)
  if (!actor || actor.disabled_at || actor.role === 'member') return fail('auth.admin_required')
  return { actor: actor.role, target: target ?? fail('user.not_found') }
}

/** The directory is locked, so two owners cannot take each other out at once. */
async function mustNotBeLast(tx: Tx, userId: UserId): Promise<void> {
  const other = await tx.db
    .selectFrom('users')
    .select('id')
    .where('role', '=', 'owner')
    .where('disabled_at', 'is', null)
    .where('id', '<>', userId)
    .limit(1)
    .executeTakeFirst()
  must(other, 'user.last_owner')
}

async function stamp(
  tx: Tx,
  userId: UserId,
  set: { role: ServerRole } | { disabled_at: typeof sqlNow | null },
): Promise<PersonRow> {
  const rev = await advance(tx, directory)
  const row = await tx.db
    .updateTable('users')
    .set({ ...set, rev })
    .where('id', '=', userId)
    .returning(personColumns)
    .executeTakeFirstOrThrow()
  return toPerson(row)
}

async function exists(tx: Tx, userId: UserId): Promise<boolean> {
  return (await tx.db.selectFrom('users').select('id').where('id', '=', userId).executeTakeFirst()) !== undefined
}

async function onlineOf(ctx: Ctx, ids: UserId[]): Promise<Set<UserId>> {
  if (ids.length === 0) return new Set()
  const known = await ctx.streams.presence.of(ids)
  return new Set(known.filter(({ online }) => online).map(({ userId }) => userId))
}
