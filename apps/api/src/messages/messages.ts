import { createHash } from 'node:crypto'
import { type ClientId, idTime, type MessageId, newId } from '@veche/shared/ids'
import { codePoints, limits } from '@veche/shared/limits'
import type { MessageRow } from '@veche/shared/rows/rows'
import type { History, SendMessage } from '@veche/shared/schemas/messages'
import { sql } from 'kysely'
import type { Ctx, Tx } from '../ctx.ts'
import { openDialog } from '../dialogs/access.ts'
import { dialogScope, orNotFound } from '../dialogs/scopes.ts'
import { must } from '../errors.ts'
import { changed, changeScope } from '../platform/scopes.ts'
import { messageColumns, toMessage } from './rows.ts'

export type Sent = { message: MessageRow }

/**
 * A lost answer is answered again before any right is asked: whoever was removed since still learns that it was sent. After the
 * lock it is looked for once more, since the first try may still have been on its way.
 */
export async function sendMessage(ctx: Ctx, input: SendMessage): Promise<Sent> {
  must(input.body.length > 0, 'message.empty')
  must(codePoints(input.body) <= limits.message.body, 'message.too_long')
  const before = await alreadySent(ctx, input)
  if (before) return before
  refuseOld(ctx, input.clientId)
  return changeScope(ctx, dialogScope(input.dialogId), async (tx) => {
    await openDialog(tx, input.dialogId, 'post')
    return (await alreadySent(tx, input)) ?? { message: await insertMessage(tx, input) }
  }).catch(orNotFound)
}

export async function history(
  ctx: Ctx,
  input: History,
): Promise<{ rev: number; messages: MessageRow[]; more: boolean }> {
  const { dialogId, before, after, limit } = input
  const forward = after !== undefined && before === undefined
  return ctx.db
    .transaction()
    .setIsolationLevel('repeatable read')
    .setAccessMode('read only')
    .execute(async (db) => {
      const dialog = await openDialog({ ...ctx, db }, dialogId, 'read')
      const { rev } = await db.selectFrom('scopes').select('rev').where('id', '=', dialogId).executeTakeFirstOrThrow()
      const first = Math.max(dialog.mine.from_seq, dialog.cleared_seq + 1)
      let query = db
        .selectFrom('messages')
        .select(messageColumns)
        .where('dialog_id', '=', dialogId)
        .where('seq', '>=', first)
      if (before !== undefined) query = query.where('seq', '<', before)
      if (after !== undefined) query = query.where('seq', '>', after)
      const rows = await query
        .orderBy('seq', forward ? 'asc' : 'desc')
        .limit(limit + 1)
        .execute()
      const page = rows.slice(0, limit).map(toMessage)
      return { rev, messages: forward ? page : page.reverse(), more: rows.length > limit }
    })
}

/** The permanent key of a message is its author's client id; the hash tells a retry from another message under the same id. */
async function alreadySent(ctx: Pick<Ctx, 'db' | 'actor'>, input: SendMessage): Promise<Sent | undefined> {
  const row = await ctx.db
    .selectFrom('messages')
    .select(messageColumns)
    .select('client_hash')
    .where('author_id', '=', ctx.actor.userId)
    .where('client_id', '=', input.clientId)
    .executeTakeFirst()
  if (!row) return undefined
  must(row.client_hash?.equals(hashOf(input)) && row.dialog_id === input.dialogId, 'message.conflict')
  return { message: toMessage(row) }
}

/** One statement counts the scope on and writes the message: under the lock, a round trip is what a hot dialog waits for. */
async function insertMessage(tx: Tx, input: SendMessage): Promise<MessageRow> {
  const id = newId<MessageId>(tx.clock.now())
  const values = sql`${id}::uuid, ${tx.actor.userId}::uuid, ${input.clientId}::uuid, ${hashOf(input)}::bytea, 'text', ${input.body}`
  const { rows } = await sql<Parameters<typeof toMessage>[0]>`
    with place as (update scopes set rev = rev + 1, seq = seq + 1 where id = ${input.dialogId} returning rev, seq)
    insert into messages (dialog_id, seq, rev, id, author_id, client_id, client_hash, kind, body)
    select ${input.dialogId}::uuid, place.seq, place.rev, ${values} from place
    returning ${sql.join(messageColumns.map((column) => sql.ref(column)))}`.execute(tx.db)
  const message = toMessage(rows[0]!)
  changed(tx, { scope: 'dialog', id: input.dialogId, rev: message.rev })
  return message
}

function hashOf({ dialogId, body }: SendMessage): Buffer {
  return createHash('sha256').update(`text\n${dialogId}\n${body}`).digest()
}

function refuseOld(ctx: Ctx, clientId: ClientId): void {
  const age = ctx.clock.now() - idTime(clientId)
  must(age < limits.clientIdDays * 86_400_000, 'message.client_id_expired')
}
