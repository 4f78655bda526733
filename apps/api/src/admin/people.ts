import type { UserId } from '@veche/shared/ids'
import { mayManageUser, type ServerRole } from '@veche/shared/permissions'
import type { PersonRow } from '@veche/shared/rows/rows'
import type { AdminPeople, SetDisabled, SetServerRole } from '@veche/shared/schemas/admin'
import { type NotNull, sql } from 'kysely'
import { endCodes } from '../auth/passwords/password-change.ts'
import { endSessions } from '../auth/sessions.ts'
import type { Ctx, Tx } from '../ctx.ts'
import { fail, must } from '../errors.ts'
import { iso, isoOrNull, sqlNow } from '../platform/clock.ts'
import { advance, changeScopes, missingScopeAs } from '../platform/scopes/changes.ts'
import { afterCursor, pageOf } from '../users/name-pages.ts'
import { personColumns, toPerson } from '../users/rows.ts'
import { directoryScope, userScope } from '../platform/scopes/scope.ts'

export type Account = PersonRow & { email: string; createdAt: string; seenAt: string | null; online: boolean }

/** A page of all accounts, disabled ones too, by name. */
export async function listAccounts(ctx: Ctx, input: AdminPeople): Promise<{ people: Account[]; next: string | null }> {
  const rows = await ctx.db
    .selectFrom('users')
    .select([...personColumns, 'email', 'created_at', 'seen_at'])
    .select(sql<string>`lower(name)`.as('sort'))
    .where('kind', '=', 'person')
    .$narrowType<{ email: NotNull }>()
    .where(afterCursor(input))
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

/** Nobody gives a role that they may not manage, so an admin makes no admins. */
export function setServerRole(ctx: Ctx, { userId, role }: SetServerRole): Promise<PersonRow> {
  return changeScopes(ctx, [directoryScope], async (tx) => {
    const { actor, target } = await readActorAndTarget(tx, userId)
    must(mayManageUser(actor, target.role) && mayManageUser(actor, role), 'user.forbidden')
    if (target.role === role) return toPerson(target)
    if (target.role === 'owner') await requireAnotherServerOwner(tx, userId)
    const changed = await stampUser(tx, userId, { role })
    tx.after.sessions.push({ userId })
    return changed
  })
}

/** A disabled person is signed out everywhere within a second, and codes that were sent to them let them in no more. */
export function setDisabled(ctx: Ctx, { userId, disabled }: SetDisabled): Promise<PersonRow> {
  return changeScopes(ctx, [directoryScope, userScope(userId)], async (tx) => {
    const { actor, target } = await readActorAndTarget(tx, userId)
    must(mayManageUser(actor, target.role), 'user.forbidden')
    if ((target.disabled_at !== null) === disabled) return toPerson(target)
    if (disabled && target.role === 'owner') await requireAnotherServerOwner(tx, userId)
    must(userId !== tx.actor.userId, 'user.forbidden')
    if (disabled) {
      await endSessions(tx, userId)
      await endCodes(tx, { userId, email: target.email })
    }
    return stampUser(tx, userId, { disabled_at: disabled ? sqlNow : null })
  }).catch(missingScopeAs('user.not_found'))
}

/** Read under the lock: the actor may have lost the right a moment ago. */
async function readActorAndTarget(tx: Tx, userId: UserId) {
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

/** The directory is locked, so two owners cannot remove each other at the same time. */
async function requireAnotherServerOwner(tx: Tx, userId: UserId): Promise<void> {
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

async function stampUser(
  tx: Tx,
  userId: UserId,
  set: { role: ServerRole } | { disabled_at: typeof sqlNow | null },
): Promise<PersonRow> {
  const rev = await advance(tx, directoryScope)
  const row = await tx.db
    .updateTable('users')
    .set({ ...set, rev })
    .where('id', '=', userId)
    .returning(personColumns)
    .executeTakeFirstOrThrow()
  return toPerson(row)
}

async function onlineOf(ctx: Ctx, ids: UserId[]): Promise<Set<UserId>> {
  if (ids.length === 0) return new Set()
  const known = await ctx.liveHub.presence.of(ids)
  return new Set(known.filter(({ online }) => online).map(({ userId }) => userId))
}
