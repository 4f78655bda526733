import type { DialogId, MeetingId, UserId } from '@veche/shared/ids'
import type { CallCard } from '@veche/shared/rows/rows'
import type { Tx } from '../ctx.ts'
import type { Deps } from '../deps.ts'
import { dialogScope, stampDialog } from '../dialogs/scopes.ts'
import { newPlace } from '../dialogs/system-messages.ts'
import { iso } from '../platform/clock.ts'
import { advance } from '../platform/scopes.ts'

type Begun = { dialogId: DialogId; meetingId: MeetingId; authorId: UserId; startedAt: Date }

/** The meeting stands in its dialog from now on: as a message, and as what goes on there. The dialog is locked. */
export async function writeCard(tx: Tx<Deps>, { dialogId, meetingId, authorId, startedAt }: Begun): Promise<void> {
  const rev = await advance(tx, dialogScope(dialogId))
  const call: CallCard = { meetingId, state: 'live', startedAt: iso(startedAt), endedAt: null, people: 0 }
  const place = await newPlace(tx, dialogId, rev)
  const message = { author_id: authorId, kind: 'call' as const, call: JSON.stringify(call) }
  await tx.db
    .insertInto('messages')
    .values({ ...place, ...message })
    .execute()
  await tx.db.updateTable('meetings').set({ card_seq: place.seq }).where('id', '=', meetingId).execute()
  await stampDialog(tx, dialogId, { live_meeting_id: meetingId, rev })
}

type Over = { dialogId: DialogId; seq: number | null; card: CallCard }

/** It is over, and how long it was and how many took part stays to be read. The dialog is locked. */
export async function closeCard(tx: Tx<Deps>, { dialogId, seq, card }: Over): Promise<void> {
  const rev = await advance(tx, dialogScope(dialogId))
  if (seq !== null) {
    const message = tx.db.updateTable('messages').set({ call: JSON.stringify(card), rev })
    await message.where('dialog_id', '=', dialogId).where('seq', '=', seq).execute()
  }
  await stampDialog(tx, dialogId, { live_meeting_id: null, rev })
}
