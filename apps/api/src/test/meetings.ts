import { type ChatId, type MeetingId, newId, type TabId, type UserId } from '@veche/shared/ids'
import type { JoinAnswer } from '@veche/shared/meetings'
import type { Join } from '@veche/shared/schemas/meetings'
import { type RawBuilder, sql } from 'kysely'
import { onTestFinished } from 'vitest'
import type { Deps } from '../deps.ts'
import { newGroup, newUsers, type TestUser } from './builders.ts'
import { callerFor, type TestApi } from './harness.ts'
import { MediaNode } from './media-node.ts'

export const newTab = () => newId<TabId>()

/** A group of so many people, and a meeting that goes on there; nobody is in it yet. */
export async function newMeeting(deps: Deps, size = 2) {
  const people = await newUsers(
    deps,
    Array.from({ length: size }, () => ({})),
  )
  const chatId = await newGroup(deps, people)
  const { meetingId, code } = await callerFor(deps, people[0]!).meetings.start({ id: newId<MeetingId>(), chatId })
  return { people, chatId, meetingId, code }
}

/** A meeting of two, and the only node there is: it speaks when it is told to. */
export async function newQuietMeeting(testApi: TestApi) {
  const node = await newOnlyNode(testApi)
  node.silence()
  const { people, ...meeting } = await newMeeting(testApi.deps)
  return { ...meeting, node, anna: people[0]!, boris: people[1]! }
}

/** Whatever the test before did to its nodes, there is one that lives, until the test is over. */
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

export function leave(deps: Deps, who: TestUser, { meeting, seatEpoch }: JoinAnswer) {
  return callerFor(deps, who).meetings.leave({ meetingId: meeting.id, seatEpoch })
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

/** Meetings that were before, in the same chat, with this person in each of them; the planner knows of them. */
export async function addPast(
  deps: Deps,
  given: { meetingId: MeetingId; userId: UserId; count: number },
): Promise<void> {
  const { meetingId, userId, count } = given
  await sql`with made as (
      insert into scopes (id, kind, rev) select gen_random_uuid(), 'meeting', 1 from generate_series(1, ${count}::int) returning id),
    past as (
      insert into meetings (id, chat_id, public_id, state, started_by, ended_at, rev)
        select made.id, m.chat_id, made.id, 'ended', m.started_by, veche_now(), 1
        from made, meetings m where m.id = ${meetingId} returning id)
    insert into seats (id, meeting_id, user_id, session_id, tab, state, caps, left_at, since_rev, rev, user_rev)
      select gen_random_uuid(), id, ${userId}::uuid, gen_random_uuid(), gen_random_uuid(), 'left', '{}', veche_now(), 1, 1, 1
      from past`.execute(deps.db)
  await sql`analyze scopes, meetings, seats`.execute(deps.db)
}

/** How Postgres goes about it. */
export async function planOf({ db }: Deps, statement: RawBuilder<unknown>): Promise<string> {
  const { rows } = await sql<{ 'QUERY PLAN': string }>`explain ${statement}`.execute(db)
  return rows.map((row) => row['QUERY PLAN']).join('\n')
}
