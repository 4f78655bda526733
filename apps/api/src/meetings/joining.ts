import { newId, type SeatId } from '@veche/shared/ids'
import { limits } from '@veche/shared/limits'
import type { JoinAnswer } from '@veche/shared/meetings'
import { capabilities } from '@veche/shared/permissions'
import type { Join } from '@veche/shared/schemas/meetings'
import type { Ctx, Tx } from '../ctx.ts'
import { joinGroupUnderLock } from '../chats/members.ts'
import { fail, must } from '../errors.ts'
import { sqlNow } from '../platform/clock.ts'
import { advance, changeScopes } from '../platform/scopes/changes.ts'
import { type OpenMeeting, openMeeting } from './access.ts'
import { noteComing } from './attendance.ts'
import { tellNode } from './nodes/orders.ts'
import { type Place, takePlace } from './placing.ts'
import { relaysFor } from './relays.ts'
import { seatColumns, toMeeting, toSeat } from './rows.ts'
import { orNoSuchMeeting } from './scopes.ts'
import { chatScope, userScope, meetingScope } from '../platform/scopes/scope.ts'

/**
 * A seat and a ticket for it. One person has one seat: sitting down again raises its epoch, and whoever sat there before is let go.
 * The place of the meeting is chosen, and its epoch raised, in the transaction that hands out the ticket.
 */
export async function joinMeeting(ctx: Ctx, input: Join): Promise<JoinAnswer> {
  const { meetingId, code, failed } = input
  const before = await openMeeting(ctx, meetingId, 'join', code)
  if (failed) await ctx.nodes.accuse({ id: failed.nodeId, boot: failed.boot })
  const me = ctx.actor.userId
  // Only whoever becomes a member by coming changes the chat.
  const chat = before.role ? [] : [chatScope(before.chat_id)]
  return changeScopes(ctx, [meetingScope(meetingId), userScope(me), ...chat], async (tx) => {
    const name = await nameOf(tx)
    const meeting = await openMeeting(tx, meetingId, 'join', code)
    must(meeting.state === 'live', 'meeting.ended')
    mustBeMine(meeting, input)
    const others = await othersIn(tx, meeting)
    must(others < limits.meeting.seats, 'meeting.full')
    if (!meeting.role) await becomeMember(tx, meeting, before)
    const place = await takePlace(tx, meeting, others)
    return answer(tx, { meeting, place, name, seat: await sitDown(tx, meeting, input) })
  }).catch(orNoSuchMeeting)
}

/** The person is locked: whoever was signed out or disabled while they waited does not get through. */
async function nameOf(tx: Tx): Promise<string> {
  const { userId, sessionId } = tx.actor
  const me = await tx.db
    .selectFrom('users')
    .innerJoin('sessions', 'sessions.user_id', 'users.id')
    .select('users.name')
    .where('sessions.id', '=', sessionId)
    .where('sessions.user_id', '=', userId)
    .where('sessions.revoked_at', 'is', null)
    .where('sessions.expires_at', '>', sqlNow)
    .where('users.disabled_at', 'is', null)
    .executeTakeFirst()
  return (me ?? fail('auth.required')).name
}

/** A tab that comes back by itself finds its own seat or none: what a person does by hand always counts. */
function mustBeMine({ seat }: OpenMeeting, { tab, returning }: Join): void {
  if (!returning) return
  must(seat && seat.state !== 'removed', 'meeting.not_seated')
  if (seat.tab === tab) return
  fail(seat.state === 'left' ? 'meeting.not_seated' : 'meeting.seat_taken')
}

/** How many others sit in it. */
async function othersIn(tx: Tx, { id }: OpenMeeting): Promise<number> {
  const { others } = await tx.db
    .selectFrom('seats')
    .select((eb) => eb.fn.countAll<number>().as('others'))
    .where('meeting_id', '=', id)
    .where('state', 'in', ['in', 'away'])
    .where('user_id', '<>', tx.actor.userId)
    .executeTakeFirstOrThrow()
  return others
}

/** Removed while they asked: the chat is not locked, and what they ask for is not theirs any more. */
async function becomeMember(tx: Tx, meeting: OpenMeeting, before: OpenMeeting): Promise<void> {
  if (before.role) fail('meeting.not_found')
  await joinGroupUnderLock(tx, meeting.chat_id)
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

type Joined = { meeting: OpenMeeting; place: Place; name: string; seat: Seat }

async function answer(tx: Tx, { meeting, place, name, seat }: Joined): Promise<JoinAnswer> {
  const { id, boot, now, url, capabilities: routerRtpCapabilities } = place.node
  const claims = { aud: id, boot, meeting: meeting.id, meetingEpoch: place.epoch, seat: seat.id, seatEpoch: seat.epoch }
  const ticket = await tx.tickets.sign(
    { ...claims, user: tx.actor.userId, name, caps: seat.caps },
    // By the one clock that all processes share: the node is told it with each answer to its heartbeat.
    now,
  )
  tx.metrics.tickets.inc()
  return {
    meeting: toMeeting(meeting),
    seat: toSeat(seat),
    seatEpoch: seat.epoch,
    ticket,
    node: { id, boot },
    sfuUrl: url && tx.env.SFU_ORIGINS.includes(URL.parse(url)?.origin ?? '') ? url : `/sfu/${id}`,
    routerRtpCapabilities: routerRtpCapabilities ?? {},
    ...relaysFor(tx, seat.id),
  }
}
