import { type ChatId, type ClientId, type ContentId, newId } from '@veche/shared/ids'
import type { MessageRow } from '@veche/shared/rows/rows'
import type { Deps } from '../deps.ts'
import { completeContent } from '../files/contents.ts'
import { DiskStorage } from '../files/storage/DiskStorage.ts'
import type { Variant } from '../files/storage/FileStorage.ts'
import { UploadProgress } from '../files/uploads/UploadProgress.ts'
import type { TestUser } from './builders.ts'
import { callerFor } from './harness.ts'

/** A picture of one pixel. */
export const tinyPicture = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
)

/** A complete upload of this person. */
export async function newContent(deps: Deps, who: TestUser, bytes: Buffer = tinyPicture): Promise<ContentId> {
  const id = newId<ContentId>()
  await deps.db.insertInto('contents').values({ id, owner_id: who.userId, size: bytes.length }).execute()
  await deps.fileStorage.create(id)
  await deps.fileStorage.write((await UploadProgress.find(deps, id, who.userId))!, pieces(bytes))
  await completeContent(deps, id, who.userId)
  return id
}

async function* pieces(bytes: Buffer) {
  yield bytes
}

/** A voice message. Its sound is a picture, which nobody hears here. */
export async function sendVoice(deps: Deps, who: TestUser, chatId: ChatId): Promise<MessageRow> {
  const files = [{ contentId: await newContent(deps, who), name: 'voice.webm', durationMs: 3_000, waveform: 'AP9A' }]
  const input = { chatId, clientId: newId<ClientId>(), body: '', files, voice: true }
  return (await callerFor(deps, who).files.send(input)).message
}

/** A message with one file. */
export async function sendFile(
  deps: Deps,
  who: TestUser,
  chatId: ChatId,
  contentId?: ContentId,
  name = 'picture.png',
): Promise<MessageRow> {
  const files = [{ contentId: contentId ?? (await newContent(deps, who)), name }]
  return (await callerFor(deps, who).files.send({ chatId, clientId: newId<ClientId>(), body: '', files })).message
}

/** Where the first file of this message is downloaded. */
export function urlOf({ files }: MessageRow): string {
  return `/api/files/${files![0]!.id}`
}

/** Where the bytes are, for tests that look into the folder. */
export function pathOnDisk({ fileStorage }: Deps, id: ContentId, variant?: Variant): string {
  if (!(fileStorage instanceof DiskStorage)) throw new Error('these contents are not on a disk')
  return fileStorage.path(id, variant)
}
