import type { ChatId, MeetingId, UserId } from '@veche/shared/ids'
import type { CallCard } from '@veche/shared/rows/rows'
import type { Tx } from '../ctx.ts'
import type { Deps } from '../deps.ts'
import { nextMessageKeys } from '../chats/system-messages.ts'
import { iso } from '../platform/clock.ts'
import { advance } from '../platform/scopes/changes.ts'
import { stampChat } from '../chats/rows.ts'
import { chatScope } from '../platform/scopes/scope.ts'

type StartedMeeting = { chatId: ChatId; meetingId: MeetingId; authorId: UserId; startedAt: Date; audio: boolean }

/** Writes the card of a new meeting: a message in its chat, which now has a live meeting. The chat is locked. */
export async function writeCard(
  tx: Tx<Deps>,
  { chatId, meetingId, authorId, startedAt, audio }: StartedMeeting,
): Promise<void> {
  const rev = await advance(tx, chatScope(chatId))
  const call: CallCard = { meetingId, audio, state: 'live', startedAt: iso(startedAt), endedAt: null, people: 0 }
  const position = await nextMessageKeys(tx, chatId, rev)
  const message = { author_id: authorId, kind: 'call' as const, call: JSON.stringify(call) }
  await tx.db
    .insertInto('messages')
    .values({ ...position, ...message })
    .execute()
  await tx.db.updateTable('meetings').set({ card_seq: position.seq }).where('id', '=', meetingId).execute()
  await stampChat(tx, chatId, { live_meeting_id: meetingId, rev })
}

type EndedCard = { chatId: ChatId; seq: number | null; card: CallCard }

/** Updates the card of a meeting that has ended with its length and the number of people. The chat is locked. */
export async function closeCard(tx: Tx<Deps>, { chatId, seq, card }: EndedCard): Promise<void> {
  const rev = await advance(tx, chatScope(chatId))
  if (seq !== null) {
    const message = tx.db.updateTable('messages').set({ call: JSON.stringify(card), rev })
    await message.where('chat_id', '=', chatId).where('seq', '=', seq).execute()
  }
  await stampChat(tx, chatId, { live_meeting_id: null, rev })
}
