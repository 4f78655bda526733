import type { ChatId, ContentId } from '@veche/shared/ids'
import type { Deps } from '../../deps.ts'
import { sqlNow } from '../../platform/clock.ts'
import { advance, changeScopes } from '../../platform/scopes/changes.ts'
import { chatScope } from '../../platform/scopes/scope.ts'
import { kindOfFile } from '../gallery.ts'

export type ContentToRead = { size: number; mime: string }

/** Undefined when the upload was taken back meanwhile. */
export async function findContentToRead({ db }: Deps, id: ContentId): Promise<ContentToRead | undefined> {
  const query = db
    .selectFrom('contents')
    .select(['size', 'mime'])
    .where('id', '=', id)
    .where('discarded_at', 'is', null)
  const found = await query.executeTakeFirst()
  return found?.mime ? { size: found.size, mime: found.mime } : undefined
}

export type Findings = {
  width?: number
  height?: number
  thumbhash?: Buffer
  previewed_at?: typeof sqlNow
  duration_ms?: number | null
  waveform?: Buffer | null
  rendition_at?: typeof sqlNow
  mime?: string
}

/** Nothing more will be found out. */
export async function noteGivenUp(deps: Deps, { id }: { id: ContentId }): Promise<void> {
  await noteFindings(deps, id, {})
}

/**
 * Notes what was found out, and tells everybody who holds it. Only then is the work done, so that nobody waits for news that never come.
 * False when the upload was taken back meanwhile.
 */
export async function noteFindings(deps: Deps, id: ContentId, found: Findings): Promise<boolean> {
  const query = deps.db
    .updateTable('contents')
    .set({ ...found, examined_at: sqlNow })
    .where('id', '=', id)
    .where('discarded_at', 'is', null)
  if ((await query.executeTakeFirst()).numUpdatedRows === 0n) return false
  if (found.mime) await correctKind(deps, id, found.mime)
  for (const chatId of await chatsWith(deps, id)) await stampMessages(deps, chatId, id)
  return true
}

const heldCheckMs = 3_000

/** Long work ends when the upload is taken back or its last message is deleted, so that others need not wait for it. */
export async function whileHeld<T>(deps: Deps, id: ContentId, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const gone = new AbortController()
  const check = async () => {
    if (!(await findContentToRead(deps, id))) gone.abort()
  }
  const timer = setInterval(() => void check().catch(() => undefined), heldCheckMs)
  try {
    return await work(gone.signal)
  } finally {
    clearInterval(timer)
  }
}

/** The gallery finds a file by its kind, which was told by the first bytes when it was sent. */
async function correctKind({ db }: Deps, id: ContentId, mime: string): Promise<void> {
  const kind = kindOfFile(mime)
  const files = db.updateTable('files').set({ kind }).where('content_id', '=', id)
  await files.where('kind', '<>', 'voice').where('kind', '<>', kind).execute()
}

/** A message that is being sent has locked the content, so it is either among these or has read what was noted. */
async function chatsWith({ db }: Deps, id: ContentId): Promise<ChatId[]> {
  const rows = await db.selectFrom('files').select('chat_id').distinct().where('content_id', '=', id).execute()
  return rows.map((row) => row.chat_id)
}

async function stampMessages(deps: Deps, chatId: ChatId, id: ContentId): Promise<void> {
  await changeScopes(deps, [chatScope(chatId)], async (tx) => {
    const rev = await advance(tx, chatScope(chatId))
    const holding = tx.db.selectFrom('files').select('seq').where('chat_id', '=', chatId).where('content_id', '=', id)
    await tx.db.updateTable('messages').set({ rev }).where('chat_id', '=', chatId).where('seq', 'in', holding).execute()
  })
}
