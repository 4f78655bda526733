import type { MeetingId } from '@veche/shared/ids'
import { sql } from 'kysely'
import type { Tx } from '../ctx.ts'
import type { Deps } from '../deps.ts'
import { iso } from '../platform/clock.ts'
import { advance, changeScopes } from '../platform/scopes/changes.ts'
import { chatIdOfMeeting } from './access.ts'
import { closeCard } from './card.ts'
import { sendMeetingUpdate } from './seats/node-updates.ts'
import { liveMeeting } from './states.ts'
import { chatScope, meetingScope } from '../platform/scopes/scope.ts'

/** Ends a meeting that has been empty for `emptyMs`; its end is when the last person left. Says whether it did. */
export async function endEmptyMeeting(deps: Deps, meetingId: MeetingId, emptyMs: number): Promise<boolean> {
  const chatId = await chatIdOfMeeting(deps, meetingId)
  return changeScopes(deps, [chatScope(chatId), meetingScope(meetingId)], async (tx) => {
    const ended = await endUnderLock(tx, meetingId, emptyMs)
    if (!ended) return false
    const { startedAt, endedAt, cardSeq, people } = ended
    const card = { meetingId, state: 'ended' as const, startedAt: iso(startedAt), endedAt: iso(endedAt), people }
    await closeCard(tx, { chatId, seq: cardSeq, card })
    tx.after.nudges.push(() => sendMeetingUpdate(deps, meetingId))
    deps.metrics.meetings.inc({ event: 'ended' })
    return true
  })
}

async function endUnderLock(tx: Tx<Deps>, meetingId: MeetingId, emptyMs: number) {
  const due = await tx.db
    .selectFrom('meetings')
    .select(['started_at', 'card_seq', 'empty_since'])
    .where('id', '=', meetingId)
    .where(liveMeeting())
    .where('empty_since', '<=', sql<Date>`veche_now() - ${emptyMs}::float8 * interval '1 millisecond'`)
    .executeTakeFirst()
  if (!due?.empty_since) return null
  const rev = await advance(tx, meetingScope(meetingId))
  const people = await countPeople(tx, meetingId)
  const ended = { state: 'ended' as const, ended_at: due.empty_since, people, rev }
  await tx.db.updateTable('meetings').set(ended).where('id', '=', meetingId).execute()
  return { startedAt: due.started_at, endedAt: due.empty_since, cardSeq: due.card_seq, people }
}

/** How many people took part. */
async function countPeople(tx: Tx<Deps>, meetingId: MeetingId): Promise<number> {
  const { people } = await tx.db
    .selectFrom('attendances')
    .select((eb) => eb.fn.count<number>('user_id').distinct().as('people'))
    .where('meeting_id', '=', meetingId)
    .executeTakeFirstOrThrow()
  return people
}
