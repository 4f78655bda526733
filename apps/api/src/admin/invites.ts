import { newId, type InviteId, type UserId } from '@veche/shared/ids'
import { mayManageUser } from '@veche/shared/permissions'
import type { CreateInvite, OneInvite } from '@veche/shared/schemas/admin'
import { sql } from 'kysely'
import { inviterStillMay } from '../auth/invites.ts'
import { hashToken, newToken } from '../auth/sessions.ts'
import type { Ctx, Tx } from '../ctx.ts'
import { must } from '../errors.ts'
import { queueMail } from '../mail/mails.ts'
import { iso, sqlIn, sqlNow } from '../platform/clock.ts'
import { inTransaction } from '../platform/transaction.ts'
import { inviterOf } from './inviter.ts'

export type InviteState = 'open' | 'used' | 'expired' | 'revoked'
export type Invite = {
  id: InviteId
  role: 'member' | 'admin'
  email: string | null
  usesLeft: number
  expiresAt: string
  createdAt: string
  createdBy: UserId
  state: InviteState
}

const maxShown = 500

/** The newest first. The links are not among it: only their hashes are kept. */
export async function listInvites(ctx: Ctx): Promise<{ invites: Invite[] }> {
  const rows = await ctx.db
    .selectFrom('invites')
    .select(['id', 'role', 'email', 'uses_left', 'expires_at', 'created_at', 'created_by'])
    .select(
      sql<InviteState>`case when revoked_at is not null then 'revoked' when uses_left = 0 then 'used'
        when expires_at <= veche_now() then 'expired' when not ${inviterStillMay} then 'revoked' else 'open' end`.as(
        'state',
      ),
    )
    .orderBy('created_at', 'desc')
    .orderBy('id', 'desc')
    .limit(maxShown)
    .execute()
  const toInvite = ({ id, role, email, state, ...row }: (typeof rows)[number]): Invite => ({
    id,
    role,
    email,
    state,
    usesLeft: row.uses_left,
    expiresAt: iso(row.expires_at),
    createdAt: iso(row.created_at),
    createdBy: row.created_by,
  })
  return { invites: rows.map(toInvite) }
}

/** This answer is the only one with the link. An invitation with an address works once, for that address, and is mailed to it. */
export async function createInvite(ctx: Ctx, input: CreateInvite): Promise<{ id: InviteId; link: string }> {
  must(input.role === 'member' || mayManageUser(ctx.actor.role, input.role), 'user.forbidden')
  const id = newId<InviteId>(ctx.clock.now())
  const token = newToken()
  const link = `${ctx.env.PUBLIC_URL}/signup?invite=${token}`
  const lifetimeMs = input.days * 86_400_000
  const email = input.email ?? null
  await inTransaction(ctx, async (tx) => {
    if (email) await requireNewAddress(tx, email)
    await tx.db
      .insertInto('invites')
      .values({
        id,
        token_hash: hashToken(token),
        role: input.role,
        email,
        uses_left: email ? 1 : input.uses,
        expires_at: sqlIn(lifetimeMs),
        created_by: ctx.actor.userId,
      })
      .execute()
    if (email) await mailInvite(tx, { email, link, lifetimeMs })
  })
  return { id, link }
}

export async function revokeInvite(ctx: Ctx, { inviteId }: OneInvite): Promise<Record<string, never>> {
  const found = await ctx.db
    .updateTable('invites')
    .set((eb) => ({ revoked_at: eb.fn.coalesce('revoked_at', sqlNow) }))
    .where('id', '=', inviteId)
    .returning('id')
    .executeTakeFirst()
  must(found, 'invite.not_found')
  return {}
}

async function requireNewAddress(tx: Tx, email: string): Promise<void> {
  const person = await tx.db.selectFrom('users').select('id').where('email', '=', email).executeTakeFirst()
  must(!person, 'auth.email_taken')
}

async function mailInvite(tx: Tx, given: { email: string; link: string; lifetimeMs: number }): Promise<void> {
  const { name, locale } = await inviterOf(tx)
  const expiresAt = new Date(tx.clock.now() + given.lifetimeMs).toISOString()
  const letter = { template: 'invitation' as const, link: given.link, inviter: name, expiresAt }
  await queueMail(tx, { to: given.email, locale, letter })
}
