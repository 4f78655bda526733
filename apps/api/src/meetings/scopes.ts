import type { MeetingId, UserId } from '@veche/shared/ids'
import type { Rows } from '@veche/shared/rows/rows'
import { sql } from 'kysely'
import { fail } from '../errors.ts'
import type { ScopeView } from '../platform/scope-views.ts'
import type { Scope } from '../platform/scopes.ts'
import { takenSeat } from './states.ts'

export const meetingScope = (id: MeetingId): Scope => ({ kind: 'meeting', id })

/** A missing scope is a missing meeting. */
export function orNoSuchMeeting(error: unknown): never {
  if (error instanceof Error && error.message === 'scope.not_found') fail('meeting.not_found')
  throw error
}

/** Only people who have taken a seat in a meeting may read it, from the revision at which they took it. */
export const meetingView: ScopeView = {
  scope: 'meeting',
  beginsNewest: true,
  extras: (id, viewer) => ({
    seat: sql`select json_build_object('since_rev', s.since_rev) from seats s
      where s.meeting_id = ${id} and s.user_id = ${viewer} and ${takenSeat('s')}`,
  }),
  judge: ({ seat }) => (seat ? { sinceRev: (seat as { since_rev: number }).since_rev, narrow: meetingRowsOnly } : null),
  // The rows of a meeting are its audience too, so it is read each time: no revision tells whether only one of them has changed.
  audience: (id, among) => ({ seated: seatedAmong(id as MeetingId, among) }),
  heard: (extras) => ({
    rev: 0,
    people: new Map((extras['seated'] as UserId[]).map((userId) => [userId, { narrow: meetingRowsOnly }])),
  }),
}

function seatedAmong(id: MeetingId, among: UserId[]) {
  return sql`select coalesce(json_agg(s.user_id), '[]') from seats s
    where s.meeting_id = ${id} and s.user_id = any(${among}::uuid[]) and ${takenSeat('s')}`
}

function meetingRowsOnly({ meetings, seats }: Rows): Rows {
  return { ...(meetings ? { meetings } : {}), ...(seats ? { seats } : {}) }
}
