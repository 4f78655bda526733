import type { ChatId, MeetingId } from '@veche/shared/ids'
import type { MeetingSummary } from '@veche/shared/meetings'
import type { Create, Start } from '@veche/shared/schemas/meetings'
import type { Ctx, Tx } from '../ctx.ts'
import { openChat } from '../chats/access.ts'
import { makeGroup } from '../chats/groups.ts'
import { fail, must } from '../errors.ts'
import { sqlNow } from '../platform/clock.ts'
import { changeScopes, createScope } from '../platform/scopes/changes.ts'
import { inTransaction } from '../platform/transaction.ts'
import { writeCard } from './card.ts'
import { newPublicId } from './links.ts'
import { look } from './looking.ts'
import { orChatNotFound } from '../chats/access.ts'
import { chatScope, meetingScope } from '../platform/scopes/scope.ts'
import { isUniqueViolation } from '../platform/db.ts'

type Beginning = { id: MeetingId; chatId: ChatId; openTo: 'members' | 'everyone' }

/** The meeting of a chat: the one that goes on there, or a new one. Asked again with the same id it answers what the lost answer spoke of. */
export async function startMeeting(ctx: Ctx, { id, chatId }: Start): Promise<MeetingSummary> {
  return look(ctx, { meetingId: await startIn(ctx, { id, chatId, openTo: 'members' }) })
}

/** A meeting that begins with a link: a group of its own, of whoever comes. */
export async function createMeeting(ctx: Ctx, { id, chatId, title }: Create): Promise<MeetingSummary> {
  const made = await inTransaction(ctx, async (tx) => {
    const isNew = await makeGroup(tx, { id: chatId, title, userIds: [] })
    return isNew && begin(tx, { id, chatId, openTo: 'everyone' })
  })
  return look(ctx, { meetingId: made || (await startIn(ctx, { id, chatId, openTo: 'everyone' })) })
}

function startIn(ctx: Ctx, given: Beginning): Promise<MeetingId> {
  return changeScopes(ctx, [chatScope(given.chatId)], async (tx) => {
    const { live_meeting_id } = await openChat(tx, given.chatId, 'meet')
    const before = await begunBefore(tx, given)
    if (before) return before
    // Its link would be a way into the chat.
    if (given.openTo === 'everyone' && !live_meeting_id) await openChat(tx, given.chatId, 'addMembers')
    if (!live_meeting_id) return begin(tx, given)
    await keepOpen(tx, live_meeting_id)
    return live_meeting_id
  }).catch(orChatNotFound)
}

/** The chat is locked, so that two who begin at once begin one meeting. */
async function begin(tx: Tx, { id, chatId, openTo }: Beginning): Promise<MeetingId> {
  const rev = await createScope(tx, meetingScope(id)).catch(orTaken)
  const row = { id, chat_id: chatId, public_id: newPublicId(), open_to: openTo, state: 'live' as const, rev }
  const { started_at } = await tx.db
    .insertInto('meetings')
    .values({ ...row, started_by: tx.actor.userId })
    .returning('started_at')
    .executeTakeFirstOrThrow()
  tx.metrics.meetings.inc({ event: 'began' })
  await writeCard(tx, { chatId, meetingId: id, authorId: tx.actor.userId, startedAt: started_at })
  return id
}

async function begunBefore(tx: Tx, { id, chatId }: Beginning): Promise<MeetingId | null> {
  const query = tx.db.selectFrom('meetings').select(['chat_id', 'started_by']).where('id', '=', id)
  const found = await query.executeTakeFirst()
  if (!found) return null
  must(found.chat_id === chatId && found.started_by === tx.actor.userId, 'meeting.id_taken')
  return id
}

/** Whoever begins a meeting that nobody is in any more has as long to come as if it were new. */
async function keepOpen(tx: Tx, id: MeetingId): Promise<void> {
  const meeting = tx.db.updateTable('meetings').set({ empty_since: sqlNow })
  await meeting.where('id', '=', id).where('empty_since', 'is not', null).execute()
}

function orTaken(error: unknown): never {
  if (isUniqueViolation(error)) fail('meeting.id_taken')
  throw error
}
