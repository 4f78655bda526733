import type { MeetingId, UserId } from '@veche/shared/ids'
import type { Rows } from '@veche/shared/rows/rows'
import { sql } from 'kysely'
import type { ScopeView } from '../platform/scopes/views.ts'
import { takenSeat } from './states.ts'
import { missingScopeAs } from '../platform/scopes/changes.ts'

/** A missing scope is a missing meeting. */
export const orNoSuchMeeting = missingScopeAs('meeting.not_found')

/** Only people who have taken a seat in a meeting may read it, from the revision at which they took it. */
export const meetingView: ScopeView = {
  scope: 'meeting',
  beginsNewest: true,
  ids: (viewer) => sql`select s.meeting_id as id from seats s where s.user_id = ${viewer} and ${takenSeat('s')}`,
  extras: (id, viewer) => ({
    seat: sql`select json_build_object('since_rev', s.since_rev) from seats s
      where s.meeting_id = ${id} and s.user_id = ${viewer} and ${takenSeat('s')}`,
  }),
  viewFor: ({ seat }) =>
    seat ? { sinceRev: (seat as { since_rev: number }).since_rev, filterRows: meetingRowsOnly } : null,
  // The rows of a meeting are its audience too, so it is read each time: no revision tells whether only one of them has changed.
  audience: (id, among) => ({ seated: seatedAmong(id as MeetingId, among) }),
  readAudience: (extras) => ({
    rev: 0,
    people: new Map((extras['seated'] as UserId[]).map((userId) => [userId, { filterRows: meetingRowsOnly }])),
  }),
}

function seatedAmong(id: MeetingId, among: UserId[]) {
  return sql`select coalesce(json_agg(s.user_id), '[]') from seats s
    where s.meeting_id = ${id} and s.user_id = any(${among}::uuid[]) and ${takenSeat('s')}`
}

function meetingRowsOnly({ meetings, seats }: Rows): Rows {
  return { ...(meetings ? { meetings } : {}), ...(seats ? { seats } : {}) }
}
