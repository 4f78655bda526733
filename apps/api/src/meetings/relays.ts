import { createHmac } from 'node:crypto'
import type { MeetingId, SeatId } from '@veche/shared/ids'
import { limits } from '@veche/shared/limits'
import type { IceServer } from '@veche/shared/meetings'
import type { Ctx } from '../ctx.ts'
import type { Deps } from '../deps.ts'
import { must } from '../errors.ts'
import { openMeeting } from './access.ts'

export type Relays = { iceServers: IceServer[]; iceUntil: number }

/** Fresh credentials for somebody who sits in the meeting: those from joining run out in the middle of a long one. */
export async function relays(ctx: Ctx, { meetingId }: { meetingId: MeetingId }): Promise<Relays> {
  const { seat } = await openMeeting(ctx, meetingId, 'relays')
  must(seat && (seat.state === 'in' || seat.state === 'away'), 'meeting.not_seated')
  return relaysFor(ctx, seat.id)
}

/** A name that says when it runs out, and its MAC for a password: the relay needs to ask nobody. */
export function relaysFor({ env, clock }: Pick<Deps, 'env' | 'clock'>, seatId: SeatId): Relays {
  const until = Math.floor(clock.now() / 1000) + limits.meeting.turnMinutes * 60
  if (!env.TURN_SECRET || env.TURN_URLS.length === 0) return { iceServers: [], iceUntil: until * 1000 }
  const username = `${until}:${seatId}`
  const credential = createHmac('sha1', env.TURN_SECRET).update(username).digest('base64')
  return { iceServers: [{ urls: env.TURN_URLS, username, credential }], iceUntil: until * 1000 }
}
