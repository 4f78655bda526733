import type { ChatId, MeetingId } from '@veche/shared/ids'
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
  return changeScopes(deps, [chatScope(chatId), meetingScope(meetingId)], (tx) =>
    endIfEmptyUnderLock(tx, { meetingId, chatId, emptyMs }),
  )
}

type Empty = { meetingId: MeetingId; chatId: ChatId; emptyMs: number }

/** The meeting and its chat are locked. */
export async function endIfEmptyUnderLock(tx: Tx<Deps>, { meetingId, chatId, emptyMs }: Empty): Promise<boolean> {
  const ended = await writeEnd(tx, meetingId, emptyMs)
  if (!ended) return false
  const { startedAt, endedAt, cardSeq, people, audio } = ended
  const times = { startedAt: iso(startedAt), endedAt: iso(endedAt) }
  const card = { meetingId, audio, state: 'ended' as const, ...times, people }
  await closeCard(tx, { chatId, seq: cardSeq, card })
  tx.after.nudges.push(() => sendMeetingUpdate(tx, meetingId))
  tx.metrics.meetings.inc({ event: 'ended' })
  return true
}

async function writeEnd(tx: Tx<Deps>, meetingId: MeetingId, emptyMs: number) {
  const due = await tx.db
    .selectFrom('meetings')
    .select(['started_at', 'card_seq', 'empty_since', 'audio'])
    .where('id', '=', meetingId)
    .where(liveMeeting())
    .where('empty_since', '<=', sql<Date>`veche_now() - ${emptyMs}::float8 * interval '1 millisecond'`)
    .executeTakeFirst()
  if (!due?.empty_since) return null
  const rev = await advance(tx, meetingScope(meetingId))
  const { people, first_came_at } = await readTurnout(tx, meetingId)
  // A link may be made long before anybody comes.
  const started_at = first_came_at ?? due.started_at
  const ended = { state: 'ended' as const, started_at, ended_at: due.empty_since, people, rev }
  await tx.db.updateTable('meetings').set(ended).where('id', '=', meetingId).execute()
  return { startedAt: started_at, endedAt: due.empty_since, cardSeq: due.card_seq, people, audio: due.audio }
}

/** How many people took part, and when the first of them came; null when nobody did. */
function readTurnout(tx: Tx<Deps>, meetingId: MeetingId) {
  return tx.db
    .selectFrom('attendances')
    .select(({ fn }) => [
      fn.count<number>('user_id').distinct().as('people'),
      fn.min<Date | null>('came_at').as('first_came_at'),
    ])
    .where('meeting_id', '=', meetingId)
    .executeTakeFirstOrThrow()
}
