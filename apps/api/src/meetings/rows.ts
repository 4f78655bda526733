import type { DB } from '@veche/db/types.gen'
import type { MeetingRow, MySeatRow, SeatRow } from '@veche/shared/rows/rows'
import type { ScopeId } from '@veche/shared/ids'
import { type Kysely, type Selectable, sql } from 'kysely'
import { iso, isoOrNull } from '../platform/clock.ts'
import { columnsOf } from '../platform/columns.ts'
import type { RowSource } from '../platform/scopes/row-sources.ts'
import { takenSeat } from './states.ts'

export const meetingColumns = [
  'id',
  'chat_id',
  'open_to',
  'audio',
  'state',
  'started_by',
  'started_at',
  'ended_at',
  'rev',
] as const
export const seatColumns = ['id', 'meeting_id', 'user_id', 'state', 'capabilities', 'joined_at', 'rev'] as const

type Meeting = Pick<Selectable<DB['meetings']>, (typeof meetingColumns)[number]>
type Seat = Pick<Selectable<DB['seats']>, (typeof seatColumns)[number]>
type MySeat = Pick<Selectable<DB['seats']>, 'id' | 'meeting_id' | 'tab' | 'state' | 'since_rev' | 'rev'> &
  Pick<Selectable<DB['meetings']>, 'chat_id'>

/** The placement stays with the server. */
export function toMeeting(row: Meeting): MeetingRow {
  const { id, audio, state, rev } = row
  return {
    id,
    audio,
    state,
    rev,
    chatId: row.chat_id,
    openTo: row.open_to,
    startedBy: row.started_by,
    startedAt: iso(row.started_at),
    endedAt: isoOrNull(row.ended_at),
  }
}

export function toSeat(row: Seat): SeatRow {
  const { id, state, capabilities, rev } = row
  return { id, state, capabilities, rev, meetingId: row.meeting_id, userId: row.user_id, joinedAt: iso(row.joined_at) }
}

function toMySeat(row: MySeat): MySeatRow {
  const { id, tab, state, rev } = row
  const meeting = { meetingId: row.meeting_id, chatId: row.chat_id }
  return { seatId: id, ...meeting, tab, state, sinceRev: row.since_rev, rev }
}

const meetingsOf = (db: Kysely<DB>, id: ScopeId) =>
  db
    .selectFrom('meetings')
    .select(columnsOf('meetings', meetingColumns))
    .where('meetings.id', '=', id as never)

const meetings: RowSource<'meetings'> = {
  scope: 'meeting',
  table: 'meetings',
  revColumn: 'meetings.rev',
  rows: meetingsOf,
  newest: meetingsOf,
  toWire: toMeeting,
}

const seatsOf = (db: Kysely<DB>, id: ScopeId) =>
  db
    .selectFrom('seats')
    .select(columnsOf('seats', seatColumns))
    .where('seats.meeting_id', '=', id as never)

const seats: RowSource<'seats'> = {
  scope: 'meeting',
  table: 'seats',
  revColumn: 'seats.rev',
  rows: seatsOf,
  // A person who joins needs no seats that were given up before.
  newest: (db, id) => seatsOf(db, id).where(takenSeat()),
  toWire: toSeat,
}

const mySeats: RowSource<'mySeats'> = {
  scope: 'user',
  table: 'mySeats',
  revColumn: 'seats.user_rev',
  rows: (db, id) =>
    db
      .selectFrom('seats')
      .innerJoin('meetings', 'meetings.id', 'seats.meeting_id')
      .select(['seats.id', 'seats.meeting_id', 'seats.tab', 'seats.state', 'seats.since_rev', 'seats.user_rev as rev'])
      .select('meetings.chat_id')
      .where('seats.user_id', '=', id as never)
      // A device that was offline for longer is signed out and starts from nothing, so older seats need not be sent.
      .where(sql<boolean>`(${takenSeat()} or seats.left_at > veche_now() - interval '100 days')`),
  toWire: toMySeat,
}

export const meetingRowSources = [meetings, seats, mySeats]
