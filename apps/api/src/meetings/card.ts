import type { ChatId, MeetingId, UserId } from '@veche/shared/ids'
import type { CallCard } from '@veche/shared/rows/rows'
import type { Tx } from '../ctx.ts'
import type { Deps } from '../deps.ts'
import { nextMessageKeys } from '../chats/system-messages.ts'
import { iso } from '../platform/clock.ts'
import { advance } from '../platform/scopes/changes.ts'
import { stampChat } from '../chats/rows.ts'
import { chatScope } from '../platform/scopes/scope.ts'

type Begun = { chatId: ChatId; meetingId: MeetingId; authorId: UserId; startedAt: Date }

/** The meeting stands in its chat from now on: as a message, and as what goes on there. The chat is locked. */
export async function writeCard(tx: Tx<Deps>, { chatId, meetingId, authorId, startedAt }: Begun): Promise<void> {
  const rev = await advance(tx, chatScope(chatId))
  const call: CallCard = { meetingId, state: 'live', startedAt: iso(startedAt), endedAt: null, people: 0 }
  const place = await nextMessageKeys(tx, chatId, rev)
  const message = { author_id: authorId, kind: 'call' as const, call: JSON.stringify(call) }
  await tx.db
    .insertInto('messages')
    .values({ ...place, ...message })
    .execute()
  await tx.db.updateTable('meetings').set({ card_seq: place.seq }).where('id', '=', meetingId).execute()
  await stampChat(tx, chatId, { live_meeting_id: meetingId, rev })
}

type Over = { chatId: ChatId; seq: number | null; card: CallCard }

/** It is over, and how long it was and how many took part stays to be read. The chat is locked. */
export async function closeCard(tx: Tx<Deps>, { chatId, seq, card }: Over): Promise<void> {
  const rev = await advance(tx, chatScope(chatId))
  if (seq !== null) {
    const message = tx.db.updateTable('messages').set({ call: JSON.stringify(card), rev })
    await message.where('chat_id', '=', chatId).where('seq', '=', seq).execute()
  }
  await stampChat(tx, chatId, { live_meeting_id: null, rev })
}
