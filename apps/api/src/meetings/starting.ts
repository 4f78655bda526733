import type { DialogId, MeetingId } from '@veche/shared/ids'
import type { MeetingLook } from '@veche/shared/meetings'
import type { Create, Start } from '@veche/shared/schemas/meetings'
import type { Ctx, Tx } from '../ctx.ts'
import { openDialog } from '../dialogs/access.ts'
import { makeGroup } from '../dialogs/groups.ts'
import { dialogScope, orNotFound } from '../dialogs/scopes.ts'
import { fail, must } from '../errors.ts'
import { sqlNow } from '../platform/clock.ts'
import { changeScope, createScope } from '../platform/scopes.ts'
import { inTransaction } from '../platform/transaction.ts'
import { writeCard } from './card.ts'
import { newPublicId } from './links.ts'
import { look } from './looking.ts'
import { meetingScope } from './scopes.ts'

type Beginning = { id: MeetingId; dialogId: DialogId; openTo: 'members' | 'everyone' }

/** The meeting of a dialog: the one that goes on there, or a new one. Asked again with the same id it answers what the lost answer spoke of. */
export async function startMeeting(ctx: Ctx, { id, dialogId }: Start): Promise<MeetingLook> {
  return look(ctx, { meetingId: await startIn(ctx, { id, dialogId, openTo: 'members' }) })
}

/** A meeting that begins with a link: a group of its own, of whoever comes. */
export async function createMeeting(ctx: Ctx, { id, dialogId, title }: Create): Promise<MeetingLook> {
  const made = await inTransaction(ctx, async (tx) => {
    const isNew = await makeGroup(tx, { id: dialogId, title, userIds: [] })
    return isNew && begin(tx, { id, dialogId, openTo: 'everyone' })
  })
  return look(ctx, { meetingId: made || (await startIn(ctx, { id, dialogId, openTo: 'everyone' })) })
}

function startIn(ctx: Ctx, given: Beginning): Promise<MeetingId> {
  return changeScope(ctx, dialogScope(given.dialogId), async (tx) => {
    const { live_meeting_id } = await openDialog(tx, given.dialogId, 'meet')
    const before = await begunBefore(tx, given)
    if (before) return before
    // Its link would be a way into the dialog.
    if (given.openTo === 'everyone' && !live_meeting_id) await openDialog(tx, given.dialogId, 'addMembers')
    if (!live_meeting_id) return begin(tx, given)
    await keepOpen(tx, live_meeting_id)
    return live_meeting_id
  }).catch(orNotFound)
}

/** The dialog is locked, so that two who begin at once begin one meeting. */
async function begin(tx: Tx, { id, dialogId, openTo }: Beginning): Promise<MeetingId> {
  const rev = await createScope(tx, meetingScope(id)).catch(orTaken)
  const row = { id, dialog_id: dialogId, public_id: newPublicId(), open_to: openTo, state: 'live' as const, rev }
  const { started_at } = await tx.db
    .insertInto('meetings')
    .values({ ...row, started_by: tx.actor.userId })
    .returning('started_at')
    .executeTakeFirstOrThrow()
  tx.metrics.meetings.inc({ event: 'began' })
  await writeCard(tx, { dialogId, meetingId: id, authorId: tx.actor.userId, startedAt: started_at })
  return id
}

async function begunBefore(tx: Tx, { id, dialogId }: Beginning): Promise<MeetingId | null> {
  const query = tx.db.selectFrom('meetings').select(['dialog_id', 'started_by']).where('id', '=', id)
  const found = await query.executeTakeFirst()
  if (!found) return null
  must(found.dialog_id === dialogId && found.started_by === tx.actor.userId, 'meeting.id_taken')
  return id
}

/** Whoever begins a meeting that nobody is in any more has as long to come as if it were new. */
async function keepOpen(tx: Tx, id: MeetingId): Promise<void> {
  const meeting = tx.db.updateTable('meetings').set({ empty_since: sqlNow })
  await meeting.where('id', '=', id).where('empty_since', 'is not', null).execute()
}

function orTaken(error: unknown): never {
  if (error instanceof Error && 'code' in error && error.code === '23505') fail('meeting.id_taken')
  throw error
}
