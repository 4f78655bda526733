import type { ChatId, ContentId } from '@veche/shared/ids'
import type { Deps } from '../../deps.ts'
import { AppError } from '../../errors.ts'
import { sqlNow } from '../../platform/clock.ts'
import { advance, changeScopes } from '../../platform/scopes/changes.ts'
import { chatScope } from '../../platform/scopes/scope.ts'
import type { ServerLocale } from '../../platform/server-locale.ts'
import type { DueTable, Failure } from '../../platform/work/due-tables.ts'
import type { Picture } from './picture-child.ts'
import { PictureRefused } from './PictureMaker.ts'

type PreviewRow = { id: ContentId }

/** How long a try waits while the contents cannot be read. */
const awayMs = 15_000

/** The previews of uploads. A content whose preview is given up is still there to be downloaded. */
export const previewTable: DueTable = {
  name: 'file.preview',
  table: 'previews',
  columns: [],
  // Several rows may wait for the one picture that is being made.
  leaseMs: 600_000,
  retryDelaysMs: [5_000, 60_000],
  run: makePreviews,
  failureOf,
  changesAtEnd: () => [],
  about: ({ id }: PreviewRow) => ({ word: 'preview', name: id }),
  describeFailure,
}

async function makePreviews(deps: Deps, { id }: PreviewRow): Promise<void> {
  const picture = await deps.fileStorage.withLocalCopy(id, (path) => deps.pictureMaker.make(path))
  for (const { side, bytes } of picture.previews) await deps.fileStorage.writeVariant(id, side, bytes)
  if (!(await notePicture(deps, id, picture))) {
    // The upload was taken back meanwhile.
    for (const { side } of picture.previews) await deps.fileStorage.removeVariant(id, side)
    return
  }
  for (const chatId of await chatsWith(deps, id)) await stampMessages(deps, chatId, id)
}

async function notePicture({ db }: Deps, id: ContentId, { width, height, thumbhash }: Picture): Promise<boolean> {
  const known = { width, height, thumbhash: Buffer.from(thumbhash), previewed_at: sqlNow }
  const query = db.updateTable('contents').set(known).where('id', '=', id).where('discarded_at', 'is', null)
  return (await query.executeTakeFirst()).numUpdatedRows > 0n
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

function failureOf(thrown: unknown): Failure {
  if (thrown instanceof AppError && thrown.code === 'file.unavailable')
    return { kind: 'storage', answer: '', isTemporary: true, putOffMs: awayMs }
  const answer = thrown instanceof Error ? thrown.message.slice(0, 300) : String(thrown)
  return thrown instanceof PictureRefused
    ? { kind: 'refused', answer, isTemporary: false }
    : { kind: 'other', answer, isTemporary: true }
}

/** The sentence for an administrator, with what was found in brackets. */
function describeFailure(error: string | null, locale: ServerLocale): string {
  const [, kind = 'other', answer = ''] = /^(\w+)(?:: ([\s\S]*))?$/.exec(error ?? '') ?? []
  const sentence = sentences[locale][kind === 'refused' || kind === 'killed' ? kind : 'other']
  return answer ? `${sentence} (${answer})` : sentence
}

const sentences: Record<ServerLocale, Record<'refused' | 'killed' | 'other', string>> = {
  en: {
    refused: 'The picture could not be read.',
    killed: 'The worker was killed each time it read this picture.',
    other: 'The preview could not be made.',
  },
  ru: {
    refused: 'Изображение не удалось прочитать.',
    killed: 'Воркер завершался каждый раз, когда читал это изображение.',
    other: 'Не удалось создать превью.',
  },
}
