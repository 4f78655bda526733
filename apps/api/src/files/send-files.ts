import { createHash } from 'node:crypto'
import { type ContentId, type FileId, idTime, newId } from '@veche/shared/ids'
import { codePoints, limits } from '@veche/shared/limits'
import { serverLimits } from '@veche/shared/server-limits'
import type { MessageRow } from '@veche/shared/rows/rows'
import type { SendFiles } from '@veche/shared/schemas/messages'
import { openChat, orChatNotFound } from '../chats/access.ts'
import { nextMessageKeys } from '../chats/system-messages.ts'
import type { Ctx, Tx } from '../ctx.ts'
import { must } from '../errors.ts'
import { toMessage, withFiles } from '../messages/rows.ts'
import { sqlNow } from '../platform/clock.ts'
import { isUniqueViolation } from '../platform/db.ts'
import { advance, changeScopes } from '../platform/scopes/changes.ts'
import { chatScope } from '../platform/scopes/scope.ts'
import { completeContent } from './contents.ts'
import { kindOfFile } from './gallery.ts'

type Mimes = ReadonlyMap<ContentId, string>
export type SentFiles = { message: MessageRow }

/** Sends uploads of mine as one message, once, however often the client retries. */
export async function sendFiles(ctx: Ctx, input: SendFiles): Promise<SentFiles> {
  must(codePoints(input.body) <= limits.message.body, 'message.too_long')
  if (input.voice) must(input.files.length === 1 && input.body === '', 'input.invalid')
  const sent = await findSent(ctx, input)
  if (sent) return sent
  must(ctx.clock.now() - idTime(input.clientId) < serverLimits.clientIdDays * 86_400_000, 'message.client_id_expired')
  for (const { contentId } of input.files) await completeContent(ctx, contentId, ctx.actor.userId)
  return changeScopes(ctx, [chatScope(input.chatId)], (tx) => writeMessage(tx, input))
    .catch(async (error: unknown) => {
      // Two chats got the same client id at the same time: now the stored message can be seen.
      if (!isUniqueViolation(error)) throw error
      return (await findSent(ctx, input))!
    })
    .catch(orChatNotFound)
}

async function writeMessage(tx: Tx, input: SendFiles): Promise<SentFiles> {
  const { chatId, clientId, body } = input
  const again = await findSent(tx, input)
  if (again) return again
  const chat = await openChat(tx, chatId, 'post')
  const mimes = await requireMine(tx, input)
  const rev = await advance(tx, chatScope(chatId))
  if (chat.meeting_only)
    await tx.db.updateTable('chats').set({ meeting_only: false, rev }).where('id', '=', chatId).execute()
  const keys = await nextMessageKeys(tx, chatId, rev)
  await tx.db
    .insertInto('messages')
    .values({
      ...keys,
      author_id: tx.actor.userId,
      client_id: clientId,
      client_hash: hashOf(input),
      kind: input.voice ? 'voice' : 'file',
      body: body || null,
    })
    .execute()
  await addFiles(tx, input, keys.seq, mimes)
  return (await findSent(tx, input))!
}

/** Each was uploaded by me and is complete. They are locked, so that no sweep takes them away before the commit. Returns what they are. */
async function requireMine({ db, actor }: Tx, { files }: SendFiles): Promise<Mimes> {
  const ids = [...new Set(files.map(({ contentId }) => contentId))]
  const found = await db
    .selectFrom('contents')
    .select(['id', 'completed_at', 'mime'])
    .where('id', 'in', ids)
    .where('owner_id', '=', actor.userId)
    .where('discarded_at', 'is', null)
    .orderBy('id')
    .forNoKeyUpdate()
    .execute()
  must(found.length === ids.length, 'file.not_found')
  must(
    found.every(({ completed_at }) => completed_at),
    'file.incomplete',
  )
  return new Map(found.map(({ id, mime }) => [id, mime ?? '']))
}

async function addFiles({ db, clock }: Tx, input: SendFiles, seq: number, mimes: Mimes): Promise<void> {
  const { chatId: chat_id, files, voice } = input
  const rows = files.map(({ contentId: content_id, name }, position) => {
    const kind = voice ? ('voice' as const) : kindOfFile(mimes.get(content_id) ?? '')
    return { id: newId<FileId>(clock.now()), content_id, chat_id, seq, position, name, kind }
  })
  await db.insertInto('files').values(rows).execute()
  for (const file of files) await noteShape({ db }, file)
  await db
    .updateTable('contents')
    .set({ sent_at: sqlNow })
    .where(
      'id',
      'in',
      files.map(({ contentId }) => contentId),
    )
    .execute()
}

/**
 * What the sender says of a picture or a sound. The preview knows it better: it may have been made already. Of a content that an earlier
 * message holds nothing is changed, because that message would change with it.
 */
async function noteShape({ db }: Pick<Tx, 'db'>, file: SendFiles['files'][number]): Promise<void> {
  const { contentId, width, height, thumbhash, durationMs, waveform } = file
  const unsent = db.updateTable('contents').where('id', '=', contentId).where('sent_at', 'is', null)
  if (width && height) await unsent.set({ width, height }).where('width', 'is', null).execute()
  if (thumbhash)
    await unsent
      .set({ thumbhash: bytesOf(thumbhash) })
      .where('thumbhash', 'is', null)
      .execute()
  if (durationMs !== undefined)
    await unsent
      .set({ duration_ms: durationMs, waveform: waveform ? bytesOf(waveform) : null })
      .where('duration_ms', 'is', null)
      .execute()
}

function bytesOf(base64: string): Buffer {
  return Buffer.from(base64, 'base64')
}

async function findSent(ctx: Pick<Ctx, 'db' | 'actor'>, input: SendFiles): Promise<SentFiles | null> {
  const found = await withFiles(ctx.db)
    .select('client_hash')
    .where('author_id', '=', ctx.actor.userId)
    .where('client_id', '=', input.clientId)
    .executeTakeFirst()
  if (!found) return null
  must(found.client_hash?.equals(hashOf(input)), 'message.conflict')
  return { message: toMessage(found) }
}

function hashOf({ chatId, body, files, voice }: SendFiles): Buffer {
  const sent = files.map(({ contentId, name }) => `${contentId} ${name}`)
  return createHash('sha256')
    .update([voice ? 'voice' : 'file', chatId, body, ...sent].join('\n'))
    .digest()
}
