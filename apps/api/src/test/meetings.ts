import { type ChatId, type MeetingId, newId, type TabId, type UserId } from '@veche/shared/ids'
import type { JoinAnswer } from '@veche/shared/meetings'
import type { Join } from '@veche/shared/schemas/meetings'
import { type RawBuilder, sql } from 'kysely'
import { onTestFinished } from 'vitest'
import type { Deps } from '../deps.ts'
import { newGroup, newUsers, type TestUser } from './builders.ts'
import { callerFor, type TestApi } from './harness.ts'
import { MediaNode } from './nodes/media-node.ts'

export const newTab = () => newId<TabId>()

/** A group of this many people with a live meeting that nobody has joined yet. */
export async function newMeeting(deps: Deps, size = 2) {
  const people = await newUsers(
    deps,
    Array.from({ length: size }, () => ({})),
  )
  const chatId = await newGroup(deps, people)
  const { meetingId, code } = await callerFor(deps, people[0]!).meetings.start({ id: newId<MeetingId>(), chatId })
  return { people, chatId, meetingId, code }
}

/** A meeting of two people, and the only node: it sends heartbeats only when the test calls `beat`. */
export async function newQuietMeeting(testApi: TestApi) {
  const node = await newOnlyNode(testApi)
  await node.silence()
  const { people, ...meeting } = await newMeeting(testApi.deps)
  return { ...meeting, node, anna: people[0]!, boris: people[1]! }
}

/** Removes the nodes of the test before and starts one, which lives until the test is over. */
export async function newOnlyNode({ deps }: TestApi): Promise<MediaNode> {
  await deps.db.updateTable('meetings').set({ node_id: null, node_boot: null }).execute()
  await deps.db.deleteFrom('sfu_nodes').execute()
  const node = await MediaNode.start(deps)
  onTestFinished(() => node.kill())
  return node
}

export function join(
  deps: Deps,
  who: TestUser,
  meetingId: MeetingId,
  given: Partial<Omit<Join, 'meetingId'>> = {},
): Promise<JoinAnswer> {
  return callerFor(deps, who).meetings.join({ meetingId, tab: newTab(), ...given })
}

export function leave(deps: Deps, who: TestUser, { meeting, seatEpoch }: JoinAnswer, given: { byHand?: boolean } = {}) {
  return callerFor(deps, who).meetings.leave({ meetingId: meeting.id, seatEpoch, ...given })
}

export async function seatOf(deps: Deps, meetingId: MeetingId, who: TestUser) {
  const query = deps.db.selectFrom('seats').selectAll().where('meeting_id', '=', meetingId)
  return query.where('user_id', '=', who.userId).executeTakeFirstOrThrow()
}

export async function meetingRow(deps: Deps, meetingId: MeetingId) {
  return deps.db.selectFrom('meetings').selectAll().where('id', '=', meetingId).executeTakeFirstOrThrow()
}

export async function chatRow(deps: Deps, chatId: ChatId) {
  return deps.db.selectFrom('chats').selectAll().where('id', '=', chatId).executeTakeFirstOrThrow()
}

/** Adds ended meetings to the same chat, with a seat of this person in each, and lets the planner know of them. */
export async function addEndedMeetings(
  deps: Deps,
  given: { meetingId: MeetingId; userId: UserId; count: number },
): Promise<void> {
  const { meetingId, userId, count } = given
  await sql`with new_scopes as (
      insert into scopes (id, kind, rev) select gen_random_uuid(), 'meeting', 1 from generate_series(1, ${count}::int) returning id),
    ended as (
      insert into meetings (id, chat_id, public_id, state, started_by, ended_at, rev)
        select new_scopes.id, m.chat_id, new_scopes.id, 'ended', m.started_by, veche_now(), 1
        from new_scopes, meetings m where m.id = ${meetingId} returning id)
    insert into seats (id, meeting_id, user_id, session_id, tab, state, capabilities, left_at, since_rev, rev, user_rev)
      select gen_random_uuid(), id, ${userId}::uuid, gen_random_uuid(), gen_random_uuid(), 'left', '{}', veche_now(), 1, 1, 1
      from ended`.execute(deps.db)
  await sql`analyze scopes, meetings, seats`.execute(deps.db)
}

/**
 * Stops the clock of SQL until the test is over: only `testApi.passTime` moves it. So a loaded machine does not reach a bound that a test
 * stays just below.
 */
export async function stopSqlClock({ deps }: TestApi): Promise<void> {
  const { rows } = await sql<{ now: string }>`select statement_timestamp()::text as now`.execute(deps.db)
  const define = (now: string) =>
    sql
      .raw(
        `create or replace function veche_now() returns timestamptz language sql stable
        as $$ select ${now} + (select shift from test_clock) $$`,
      )
      .execute(deps.db)
  await define(`timestamptz '${rows[0]!.now}'`)
  onTestFinished(async () => void (await define('statement_timestamp()')))
}

/** The plan that Postgres makes for a statement. */
export async function planOf({ db }: Deps, statement: RawBuilder<unknown>): Promise<string> {
  const { rows } = await sql<{ 'QUERY PLAN': string }>`explain ${statement}`.execute(db)
  return rows.map((row) => row['QUERY PLAN']).join('\n')
}
