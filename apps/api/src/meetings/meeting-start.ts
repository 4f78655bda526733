import type { ChatId, MeetingId } from '@veche/shared/ids'
import type { MeetingSummary } from '@veche/shared/meetings'
import type { Create, Start } from '@veche/shared/schemas/meetings'
import type { Ctx, Tx } from '../ctx.ts'
import { openChat } from '../chats/access.ts'
import { createGroupUnderLock } from '../chats/groups.ts'
import { fail, must } from '../errors.ts'
import { sqlNow } from '../platform/clock.ts'
import { changeScopes, createScope } from '../platform/scopes/changes.ts'
import { writeCard } from './card.ts'
import { newPublicId } from './links.ts'
import { getMeeting } from './summary.ts'
import { orChatNotFound } from '../chats/access.ts'
import { chatScope, meetingScope, userScope } from '../platform/scopes/scope.ts'
import { isUniqueViolation } from '../platform/db.ts'

type NewMeeting = { id: MeetingId; chatId: ChatId; openTo: 'members' | 'everyone'; audio: boolean }

/** The live meeting of a chat, or a new one, which is an audio call if `audio` says so. A repeated request with the same id gets the meeting of the lost answer. */
export async function startMeeting(ctx: Ctx, { id, chatId, audio }: Start): Promise<MeetingSummary> {
  const meetingId = await findOrStart(ctx, { id, chatId, openTo: 'members', audio })
  return getMeeting(ctx, { meetingId })
}

/** A meeting with a link that is open to everyone, in a new group of its own. */
export async function createMeeting(ctx: Ctx, { id, chatId, title }: Create): Promise<MeetingSummary> {
  const meeting: NewMeeting = { id, chatId, openTo: 'everyone', audio: false }
  const created = await changeScopes(ctx, [userScope(ctx.actor.userId)], async (tx) => {
    const isNew = await createGroupUnderLock(tx, { id: chatId, title, others: [], meetingOnly: true })
    return isNew && insertMeetingUnderLock(tx, meeting)
  })
  return getMeeting(ctx, { meetingId: created || (await findOrStart(ctx, meeting)) })
}

/** The lock of the chat makes two people who start at once start one meeting. */
function findOrStart(ctx: Ctx, meeting: NewMeeting): Promise<MeetingId> {
  return changeScopes(ctx, [chatScope(meeting.chatId)], async (tx) => {
    const { live_meeting_id } = await openChat(tx, meeting.chatId, 'meet')
    const before = await startedBefore(tx, meeting)
    if (before) return before
    if (live_meeting_id) {
      await restartEmptyTime(tx, live_meeting_id)
      return live_meeting_id
    }
    // A link that is open to everyone is a way into the chat, so it needs the right to add members.
    if (meeting.openTo === 'everyone') await openChat(tx, meeting.chatId, 'addMembers')
    return insertMeetingUnderLock(tx, meeting)
  }).catch(orChatNotFound)
}

async function startedBefore(tx: Tx, { id, chatId }: NewMeeting): Promise<MeetingId | null> {
  const query = tx.db.selectFrom('meetings').select(['chat_id', 'started_by']).where('id', '=', id)
  const found = await query.executeTakeFirst()
  if (!found) return null
  must(found.chat_id === chatId && found.started_by === tx.actor.userId, 'meeting.id_taken')
  return id
}

/** An empty meeting that is started again stays open as long as a new one. */
async function restartEmptyTime(tx: Tx, id: MeetingId): Promise<void> {
  const meeting = tx.db.updateTable('meetings').set({ empty_since: sqlNow })
  await meeting.where('id', '=', id).where('empty_since', 'is not', null).execute()
}

async function insertMeetingUnderLock(tx: Tx, { id, chatId, openTo, audio }: NewMeeting): Promise<MeetingId> {
  const rev = await createScope(tx, meetingScope(id)).catch(orIdTaken)
  const row = { id, chat_id: chatId, public_id: newPublicId(), open_to: openTo, audio, state: 'live' as const, rev }
  const { started_at } = await tx.db
    .insertInto('meetings')
    .values({ ...row, started_by: tx.actor.userId })
    .returning('started_at')
    .executeTakeFirstOrThrow()
  tx.metrics.meetings.inc({ event: 'began' })
  await writeCard(tx, { chatId, meetingId: id, authorId: tx.actor.userId, startedAt: started_at, audio })
  return id
}

function orIdTaken(error: unknown): never {
  if (isUniqueViolation(error)) fail('meeting.id_taken')
  throw error
}
