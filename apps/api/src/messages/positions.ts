import type { DialogId, UserId } from '@veche/shared/ids'
import { limits } from '@veche/shared/limits'
import type { Positions, Unread } from '@veche/shared/live'
import type { MembershipRow } from '@veche/shared/rows/rows'
import type { Position, Typing } from '@veche/shared/schemas/messages'
import { sql } from 'kysely'
import type { Ctx } from '../ctx.ts'
import { openDialog } from '../dialogs/access.ts'
import { userScope } from '../dialogs/scopes.ts'
import { membershipColumns, toMembership } from '../dialogs/rows.ts'
import { dialogView } from '../dialogs/view.ts'
import { fail } from '../errors.ts'
import { rowsSince } from '../platform/row-sources.ts'
import { advance, changeScope } from '../platform/scopes.ts'

export type ReadAnswer = { membership: MembershipRow; unread: Unread }

/** My position only moves forward, and never past what there is. It is a row of my own scope; the others get a signal. */
export async function markRead(ctx: Ctx, { dialogId, seq }: Position): Promise<ReadAnswer> {
  const me = ctx.actor.userId
  const membership = await changeScope(ctx, userScope(me), async (tx) => {
    const dialog = await openDialog(tx, dialogId, 'read')
    const own = tx.db
      .selectFrom('members')
      .select(membershipColumns)
      .where('dialog_id', '=', dialogId)
      .where('user_id', '=', me)
    const row = await own.executeTakeFirstOrThrow()
    const reached = Math.min(seq, await newestSeq(tx, dialogId))
    if (reached <= row.read_seq && !row.unread_mark) return toMembership(row)
    const rev = await advance(tx, userScope(me))
    const read_seq = Math.max(reached, row.read_seq)
    const moved = await tx.db
      .updateTable('members')
      .set((eb) => ({
        rev,
        unread_mark: false,
        read_seq,
        delivered_seq: eb.fn<number>('greatest', ['delivered_seq', eb.val(read_seq)]),
      }))
      .where('dialog_id', '=', dialogId)
      .where('user_id', '=', me)
      .returning(membershipColumns)
      .executeTakeFirstOrThrow()
    if (dialog.member_count <= limits.positionsUpTo) {
      tx.after.nudges.push(() =>
        tellPosition(ctx, dialogId, { read: read_seq, delivered: dialog.kind === 'direct' ? read_seq : 0 }),
      )
    }
    return toMembership(moved)
  })
  return { membership, unread: await unreadOf(ctx, dialogId, me) }
}

/** Exists in direct dialogs only; it is no row of anybody's, so nothing is stamped. */
export async function markDelivered(ctx: Ctx, { dialogId, seq }: Position): Promise<Record<string, never>> {
  const dialog = await openDialog(ctx, dialogId, 'read')
  if (dialog.kind !== 'direct') return {}
  const moved = await ctx.db
    .updateTable('members')
    .set({ delivered_seq: sql<number>`least(${seq}, (select seq from scopes where id = ${dialogId}))` })
    .where('dialog_id', '=', dialogId)
    .where('user_id', '=', ctx.actor.userId)
    .where(sql<boolean>`delivered_seq < least(${seq}, (select seq from scopes where id = ${dialogId}))`)
    .returning(['delivered_seq', 'read_seq'])
    .executeTakeFirst()
  if (moved)
    tellPosition(ctx, dialogId, { read: moved.read_seq, delivered: Math.max(moved.delivered_seq, moved.read_seq) })
  return {}
}

export async function tellTyping(ctx: Ctx, { dialogId }: Typing): Promise<Record<string, never>> {
  await openDialog(ctx, dialogId, 'post')
  const userId = ctx.actor.userId
  ctx.hints.tell({
    signal: { signal: { kind: 'typing', dialogId, userId }, dialogIds: [dialogId], userIds: [], except: userId },
  })
  return {}
}

function tellPosition(ctx: Ctx, dialogId: DialogId, positions: Positions): void {
  const userId = ctx.actor.userId
  const signal = { kind: 'positions' as const, dialogId, userId, ...positions }
  ctx.hints.tell({ signal: { signal, dialogIds: [dialogId], userIds: [], except: userId } })
}

async function newestSeq(ctx: Pick<Ctx, 'db'>, id: DialogId): Promise<number> {
  const { seq } = await ctx.db.selectFrom('scopes').select('seq').where('id', '=', id).executeTakeFirstOrThrow()
  return seq
}

/** The number with the revision at which it was counted, in one snapshot. */
async function unreadOf(ctx: Ctx, id: DialogId, me: UserId): Promise<Unread> {
  const reading = { scope: 'dialog' as const, id, from: Number.MAX_SAFE_INTEGER, extras: dialogView.extras(id, me) }
  const read = await rowsSince(ctx, ctx.db, reading)
  const view = read && dialogView.judge(read.extras)
  if (!read || !view) fail('dialog.not_found')
  return { unread: view.unread ?? 0, atRev: read.scopeRev }
}
