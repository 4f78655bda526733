import type { MeetingId, UserId } from '@veche/shared/ids'
import type { Rows } from '@veche/shared/rows/rows'
import { sql } from 'kysely'
import type { ScopeView } from '../platform/scopes/views.ts'

/** A meeting is seen by those who sit in it, from when they sat down. */
export const meetingView: ScopeView = {
  scope: 'meeting',
  beginsNewest: true,
  extras: (id, viewer) => ({
    seat: sql`select json_build_object('since_rev', s.since_rev) from seats s
      where s.meeting_id = ${id} and s.user_id = ${viewer} and ${seated}`,
  }),
  viewFor: ({ seat }) => (seat ? { sinceRev: (seat as { since_rev: number }).since_rev, filterRows: narrow } : null),
  // Its rows are its audience: there is no telling apart whether one has changed without the other.
  audience: (id, among) => ({ seated: seatedAmong(id as MeetingId, among) }),
  readAudience: (extras) => ({
    rev: 0,
    people: new Map((extras['seated'] as UserId[]).map((userId) => [userId, { filterRows: narrow }])),
  }),
}

const seated = sql`s.state in ('in', 'away')`

function seatedAmong(id: MeetingId, among: UserId[]) {
  return sql`select coalesce(json_agg(s.user_id), '[]') from seats s
    where s.meeting_id = ${id} and s.user_id = any(${among}::uuid[]) and ${seated}`
}

function narrow({ meetings, seats }: Rows): Rows {
  return { ...(meetings ? { meetings } : {}), ...(seats ? { seats } : {}) }
}
