import type { MeetingId } from '@veche/shared/ids'
import { sql } from 'kysely'
import type { Tx } from '../ctx.ts'
import type { Deps } from '../deps.ts'
import { iso } from '../platform/clock.ts'
import { advance, lockScopes } from '../platform/scopes/changes.ts'
import { inTransaction } from '../platform/transaction.ts'
import { chatOf } from './access.ts'
import { closeCard } from './card.ts'
import { tellNode } from './nodes/orders.ts'
import { chatScope, meetingScope } from '../platform/scopes/scope.ts'

/** A meeting that nobody is in any more ends; it was as long as somebody was there. Says whether it did. */
export async function endEmpty(deps: Deps, meetingId: MeetingId, emptyMs: number): Promise<boolean> {
  const chatId = await chatOf(deps, meetingId)
  return inTransaction(deps, async (tx) => {
    await lockScopes(tx, [chatScope(chatId), meetingScope(meetingId)])
    const ended = await end(tx, meetingId, emptyMs)
    if (!ended) return false
    const people = await cameTo(tx, meetingId)
    const card = {
      meetingId,
      state: 'ended' as const,
      startedAt: iso(ended.started_at),
      endedAt: iso(ended.ended_at),
      people,
    }
    await closeCard(tx, { chatId, seq: ended.card_seq, card })
    tx.after.nudges.push(() => tellNode(deps, meetingId))
    deps.metrics.meetings.inc({ event: 'ended' })
    return true
  })
}

async function end(tx: Tx<Deps>, meetingId: MeetingId, emptyMs: number) {
  const due = await tx.db
    .selectFrom('meetings')
    .select(['started_at', 'card_seq', 'empty_since'])
    .where('id', '=', meetingId)
    .where('state', '=', 'live')
    .where('empty_since', '<=', sql<Date>`veche_now() - ${emptyMs}::float8 * interval '1 millisecond'`)
    .executeTakeFirst()
  if (!due?.empty_since) return null
  const rev = await advance(tx, meetingScope(meetingId))
  const ended_at = due.empty_since
  await tx.db.updateTable('meetings').set({ state: 'ended', ended_at, rev }).where('id', '=', meetingId).execute()
  return { ...due, ended_at }
}

async function cameTo(tx: Tx<Deps>, meetingId: MeetingId): Promise<number> {
  const { people } = await tx.db
    .selectFrom('attendances')
    .select((eb) => eb.fn.count<number>('user_id').distinct().as('people'))
    .where('meeting_id', '=', meetingId)
    .executeTakeFirstOrThrow()
  return people
}
