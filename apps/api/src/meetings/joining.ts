import { newId, type SeatId } from '@veche/shared/ids'
import { limits } from '@veche/shared/limits'
import type { JoinAnswer } from '@veche/shared/meetings'
import { capabilities } from '@veche/shared/permissions'
import type { Join } from '@veche/shared/schemas/meetings'
import type { Ctx, Tx } from '../ctx.ts'
import { joinGroup } from '../dialogs/members.ts'
import { dialogScope, userScope } from '../dialogs/scopes.ts'
import { fail, must } from '../errors.ts'
import { sqlNow } from '../platform/clock.ts'
import { advance, lockScopes } from '../platform/scopes.ts'
import { inTransaction } from '../platform/transaction.ts'
import { type OpenMeeting, openMeeting } from './access.ts'
import { noteComing } from './attendance.ts'
import { tellNode } from './nodes/orders.ts'
import { type Place, takePlace } from './placing.ts'
import { relaysFor } from './relays.ts'
import { seatColumns, toMeeting, toSeat } from './rows.ts'
import { meetingScope, orNoSuchMeeting } from './scopes.ts'

/**
 * A seat and a ticket for it. One person has one seat: sitting down again raises its epoch, and whoever sat there before is let go.
 * The place of the meeting is chosen, and its epoch raised, in the transaction that hands out the ticket.
 */
export async function joinMeeting(ctx: Ctx, input: Join): Promise<JoinAnswer> {
  const { meetingId, code, failed } = input
  const before = await openMeeting(ctx, meetingId, 'join', code)
  if (failed) await ctx.nodes.accuse({ id: failed.nodeId, boot: failed.boot })
  const me = ctx.actor.userId
  const scopes = [meetingScope(meetingId), userScope(me)]
  return inTransaction(ctx, async (tx) => {
    // Only whoever becomes a member by coming changes the dialog.
    if (!before.role) scopes.push(dialogScope(before.dialog_id))
    await lockScopes(tx, scopes).catch(orNoSuchMeeting)
    const meeting = await openMeeting(tx, meetingId, 'join', code)
    must(meeting.state === 'live', 'meeting.ended')
    mustBeMine(meeting, input)
    await mustFit(tx, meeting)
    if (!meeting.role) await becomeMember(tx, meeting, before)
    const place = await takePlace(tx, meeting)
    return answer(tx, meeting, place, await sitDown(tx, meeting, input))
  })
}

/** A tab that comes back by itself finds its own seat or none: what a person does by hand always counts. */
function mustBeMine({ seat }: OpenMeeting, { tab, returning }: Join): void {
  if (!returning) return
  must(seat && seat.state !== 'removed', 'meeting.not_seated')
  if (seat.tab === tab) return
  fail(seat.state === 'left' ? 'meeting.not_seated' : 'meeting.seat_taken')
}

async function mustFit(tx: Tx, { id }: OpenMeeting): Promise<void> {
  const { taken } = await tx.db
    .selectFrom('seats')
    .select((eb) => eb.fn.countAll<number>().as('taken'))
    .where('meeting_id', '=', id)
    .where('state', 'in', ['in', 'away'])
    .where('user_id', '<>', tx.actor.userId)
    .executeTakeFirstOrThrow()
  must(taken < limits.meeting.seats, 'meeting.full')
}

/** Removed while they asked: the dialog is not locked, and what they ask for is not theirs any more. */
async function becomeMember(tx: Tx, meeting: OpenMeeting, before: OpenMeeting): Promise<void> {
  if (before.role) fail('meeting.not_found')
  // Whoever was put out of the room does not come back by its open door.
  must(meeting.seat?.state !== 'removed', 'meeting.forbidden')
  await joinGroup(tx, meeting.dialog_id)
}

async function sitDown(tx: Tx, { id, seat }: OpenMeeting, { tab }: Join) {
  const { userId, sessionId } = tx.actor
  const seated = seat?.state === 'in' || seat?.state === 'away'
  const rev = await advance(tx, meetingScope(id))
  const user_rev = await advance(tx, userScope(userId))
  const now = { tab, session_id: sessionId, state: 'in' as const, rev, user_rev }
  const seatId = seat?.id ?? newId<SeatId>(tx.clock.now())
  const row = await tx.db
    .insertInto('seats')
    .values({ ...now, id: seatId, meeting_id: id, user_id: userId, caps: [...capabilities], since_rev: rev })
    .onConflict((conflict) =>
      conflict.columns(['meeting_id', 'user_id']).doUpdateSet((eb) => ({
        ...now,
        epoch: eb('seats.epoch', '+', 1),
        seen_at: sqlNow,
        left_at: null,
        ...(seated ? {} : { since_rev: rev, joined_at: sqlNow }),
      })),
    )
    .returning([...seatColumns, 'epoch'])
    .executeTakeFirstOrThrow()
  await noteComing(tx, id, row.id)
  await tx.db.updateTable('meetings').set({ empty_since: null }).where('id', '=', id).execute()
  tx.after.nudges.push(() => {
    if (!seated) tx.faces.tell(id)
    tellNode(tx, id)
  })
  return row
}

type Seat = Awaited<ReturnType<typeof sitDown>>

async function answer(tx: Tx, meeting: OpenMeeting, place: Place, seat: Seat): Promise<JoinAnswer> {
  const { id, boot, url, capabilities: routerRtpCapabilities } = place.node
  const now = tx.clock.now()
  const claims = { aud: id, boot, meeting: meeting.id, meetingEpoch: place.epoch, seat: seat.id, seatEpoch: seat.epoch }
  const ticket = await tx.tickets.sign(
    { ...claims, user: tx.actor.userId, name: await nameOf(tx), caps: seat.caps },
    now,
  )
  tx.metrics.tickets.inc()
  return {
    meeting: toMeeting(meeting),
    seat: toSeat(seat),
    seatEpoch: seat.epoch,
    ticket,
    node: { id, boot },
    sfuUrl: url && tx.env.SFU_ORIGINS.includes(new URL(url).origin) ? url : `/sfu/${id}`,
    routerRtpCapabilities: routerRtpCapabilities ?? {},
    ...relaysFor(tx, seat.id),
  }
}

async function nameOf(tx: Tx): Promise<string> {
  const query = tx.db.selectFrom('users').select('name').where('id', '=', tx.actor.userId)
  return (await query.executeTakeFirstOrThrow()).name
}
