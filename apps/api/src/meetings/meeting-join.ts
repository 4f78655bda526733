import { meetingLimits } from '@veche/shared/meeting-limits'
import type { JoinAnswer } from '@veche/shared/meetings'
import { protocol } from '@veche/shared/protocol'
import type { Join } from '@veche/shared/schemas/meetings'
import type { Ctx, Tx } from '../ctx.ts'
import { joinGroupUnderLock } from '../chats/members.ts'
import { fail, must } from '../errors.ts'
import { isLiveSession } from '../platform/live-sessions.ts'
import { changeScopes } from '../platform/scopes/changes.ts'
import { type OpenMeeting, openMeeting } from './access.ts'
import { type Placement, choosePlacementUnderLock, refusedEpoch } from './placement.ts'
import { toMeeting, toSeat } from './rows.ts'
import { orNoSuchMeeting } from './scopes.ts'
import { firstArrival } from './seats/attendance.ts'
import { iceServersFor } from './seats/ice-servers.ts'
import { countOtherSeats, takeSeatUnderLock, type TakenSeat } from './seats/seats.ts'
import { chatScope, userScope, meetingScope } from '../platform/scopes/scope.ts'

/**
 * Gives the actor a seat and a ticket for it. One transaction takes the seat, chooses the node and signs the ticket, so that a person
 * never has two seats and a meeting is never on two nodes.
 */
export async function joinMeeting(ctx: Ctx, input: Join): Promise<JoinAnswer> {
  const { meetingId, code, failed } = input
  const before = await openMeeting(ctx, meetingId, 'join', code)
  if (failed) await ctx.nodeWatch.reportUnreachable({ id: failed.nodeId, boot: failed.boot })
  const refused = failed ? await refusedEpoch(ctx, before, failed) : null
  // The chat is locked only for a person who becomes a member by joining: that alone changes it.
  const chat = before.role ? [] : [chatScope(before.chat_id)]
  return changeScopes(ctx, [meetingScope(meetingId), userScope(ctx.actor.userId), ...chat], async (tx) => {
    const { name } = await requireSession(tx)
    const meeting = await openMeeting(tx, meetingId, 'join', code)
    must(meeting.state === 'live', 'meeting.ended')
    if (input.returning) requireOwnSeat(meeting, input)
    const others = await countOtherSeats(tx, meetingId)
    must(others < meetingLimits.seats, 'meeting.full')
    if (!meeting.role) await becomeMember(tx, meeting, before)
    const placement = await choosePlacementUnderLock(tx, meeting, { others, isRefused: meeting.epoch === refused })
    const seat = await takeSeatUnderLock(tx, meeting, input.tab)
    return joinAnswer(tx, { meeting, placement, name, seat })
  }).catch(orNoSuchMeeting)
}

/** The person is locked, so a session that was ended while the join waited for the lock does not get through. */
async function requireSession(tx: Tx): Promise<{ name: string }> {
  const { userId, sessionId } = tx.actor
  const user = await tx.db
    .selectFrom('users')
    .innerJoin('sessions', 'sessions.user_id', 'users.id')
    .select('users.name')
    .where('sessions.id', '=', sessionId)
    .where('sessions.user_id', '=', userId)
    .where(isLiveSession())
    .executeTakeFirst()
  return user ?? fail('auth.required')
}

/** A tab that returns by itself gets only its own seat; a join by hand takes the seat from another tab. */
function requireOwnSeat({ seat }: OpenMeeting, { tab }: Join): void {
  must(seat && seat.state !== 'removed', 'meeting.not_seated')
  if (seat.tab !== tab) fail(seat.state === 'left' ? 'meeting.not_seated' : 'meeting.seat_taken')
}

/** A person who was a member before the lock and is none now was removed meanwhile; the chat is not locked for them. */
async function becomeMember(tx: Tx, meeting: OpenMeeting, before: OpenMeeting): Promise<void> {
  if (before.role) fail('meeting.not_found')
  await joinGroupUnderLock(tx, meeting.chat_id)
}

type Joined = { meeting: OpenMeeting; placement: Placement; name: string; seat: TakenSeat }

async function joinAnswer(tx: Tx, joined: Joined): Promise<JoinAnswer> {
  const { meeting, seat } = joined
  const { id, boot, url, capabilities } = joined.placement.node
  return {
    protocol: protocol.version,
    meeting: toMeeting(meeting),
    firstCameAt: await firstArrival(tx, meeting.id),
    seat: toSeat(seat),
    seatEpoch: seat.epoch,
    ticket: await signTicket(tx, joined),
    node: { id, boot },
    sfuUrl: url && tx.env.SFU_ORIGINS.includes(URL.parse(url)?.origin ?? '') ? url : `/sfu/${id}`,
    routerRtpCapabilities: capabilities ?? {},
    ...iceServersFor(tx, seat.id),
  }
}

/** The ticket is dated by the clock of the database, which all processes share: each answer to a heartbeat tells it to the node. */
async function signTicket(tx: Tx, { meeting, placement, name, seat }: Joined): Promise<string> {
  const { node, epoch } = placement
  const claims = {
    aud: node.id,
    boot: node.boot,
    meeting: meeting.id,
    meetingEpoch: epoch,
    seat: seat.id,
    seatEpoch: seat.epoch,
    user: tx.actor.userId,
    name,
    capabilities: seat.capabilities,
  }
  tx.metrics.tickets.inc()
  return tx.tickets.sign(claims, node.now)
}
