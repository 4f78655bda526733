import { createHmac } from 'node:crypto'
import type { SeatId } from '@veche/shared/ids'
import { turnMinutes } from '@veche/shared/meeting-limits'
import type { IceServer } from '@veche/shared/meetings'
import type { OneMeeting } from '@veche/shared/schemas/meetings'
import type { Ctx } from '../../ctx.ts'
import type { Deps } from '../../deps.ts'
import { must } from '../../errors.ts'
import { openMeeting } from '../access.ts'
import { isTaken } from '../states.ts'

export type IceServers = { iceServers: IceServer[]; iceUntil: number }

/** Fresh credentials for a person who has a seat: those from joining expire during a long meeting. */
export async function iceServers(ctx: Ctx, { meetingId }: OneMeeting): Promise<IceServers> {
  const { seat } = await openMeeting(ctx, meetingId, 'iceServers')
  must(isTaken(seat), 'meeting.not_seated')
  return iceServersFor(ctx, seat.id)
}

/** The user name carries the time of expiry and the password is its MAC, so the TURN server can check both by itself. */
export function iceServersFor({ env, clock }: Pick<Deps, 'env' | 'clock'>, seatId: SeatId): IceServers {
  const until = Math.floor(clock.now() / 1000) + turnMinutes * 60
  if (!env.TURN_SECRET || env.TURN_URLS.length === 0) return { iceServers: [], iceUntil: until * 1000 }
  const username = `${until}:${seatId}`
  const credential = createHmac('sha1', env.TURN_SECRET).update(username).digest('base64')
  return { iceServers: [{ urls: udpFirst(env.TURN_URLS), username, credential }], iceUntil: until * 1000 }
}

/** Browsers prefer what comes first where nothing else decides, and relaying over TCP delays every packet after a lost one. */
function udpFirst(urls: string[]): string[] {
  const rank = (url: string) => (url.startsWith('turns:') ? 2 : /[?&]transport=tcp\b/i.test(url) ? 1 : 0)
  return urls.toSorted((a, b) => rank(a) - rank(b))
}
