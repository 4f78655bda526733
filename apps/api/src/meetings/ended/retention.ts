import { type RawBuilder, sql } from 'kysely'
import { emptiedGroups } from '../../chats/emptied-groups.ts'
import type { Deps } from '../../deps.ts'
import { isOlderThan } from '../../platform/clock.ts'
import { deleteInBatches } from '../../platform/work/batches.ts'

/** A meeting has up to a hundred seats, and each seat several attendances. */
const maxMeetings = 20

/** Deletes what has ended long ago. Its clients were told of the end; a device that still asks for a meeting hears that it is gone. */
export async function deleteOldMeetings(deps: Deps, signal?: AbortSignal): Promise<void> {
  const { db, env } = deps
  const { KEEP_MEETINGS_DAYS, KEEP_SEATS_DAYS, KEEP_ATTENDANCES_DAYS } = env
  await deleteInBatches(db, deleteAttendances(isOlderThan('went_at', KEEP_ATTENDANCES_DAYS)), signal)
  await deleteInBatches(db, deleteSeats(isOlderThan('left_at', KEEP_SEATS_DAYS)), signal)
  const whole = [isOlderThan('ended_at', KEEP_MEETINGS_DAYS), sql<boolean>`chat_id in (${emptiedGroups(env)})`]
  for (const isOld of whole) await deleteInBatches(db, deleteMeetings(isOld), signal, maxMeetings)
}

const deleteAttendances = (isOld: RawBuilder<boolean>) => (limit: number) =>
  sql`
  delete from attendances where (seat_id, came_at) in (select seat_id, came_at from attendances where ${isOld} limit ${limit})`

const deleteSeats = (isOld: RawBuilder<boolean>) => (limit: number) =>
  sql`
  with old as (select id from seats where state in ('left', 'removed') and ${isOld} limit ${limit}),
    deleted_attendances as (delete from attendances where seat_id in (select id from old))
  delete from seats where id in (select id from old)`

/** One statement deletes a meeting with its attendances, seats and scope, because Postgres checks the references at its end. */
const deleteMeetings = (isOld: RawBuilder<boolean>) => (limit: number) =>
  sql`
  with old as (select id from meetings where state = 'ended' and ${isOld} limit ${limit}),
    deleted_attendances as (delete from attendances where meeting_id in (select id from old)),
    deleted_seats as (delete from seats where meeting_id in (select id from old)),
    deleted_meetings as (delete from meetings where id in (select id from old))
  delete from scopes where id in (select id from old)`
