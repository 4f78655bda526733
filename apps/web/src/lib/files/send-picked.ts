import type { ChatId } from '@veche/shared/ids'
import { limits } from '@veche/shared/limits'
import type { Outbox } from '#lib/live/outbox/Outbox.ts'
import { withoutPrivateMetadata } from './metadata/private-metadata.ts'
import { thumbhashOf } from './picked/picture-thumbhash.ts'
import { readPicked, requireDeviceRoom, sendableName } from './picked/prepared-file.ts'
import { shrinkPicture } from './shrink-picture.ts'
import { sendsSmallerPictures } from './smaller-pictures.ts'
import { mediaShape } from './video/media-shape.ts'
import { addFiles, type FileToSend } from '#lib/live/outbox/send-files.ts'

/**
 * Puts these files into the outbox, as one message or as several when they are more than one holds. Pictures are made smaller when that
 * was chosen. Photos go without their private metadata. Pictures go with their size, so that nobody's history jumps when they come, and
 * with a thumbhash, so that there is something to see before the server has made a preview.
 */
export async function sendPicked(outbox: Outbox, chatId: ChatId, caption: string, files: File[]): Promise<void> {
  const prepared: FileToSend[] = []
  // One after the other: a photo of a phone takes 200 MB of memory while it is made smaller.
  for (const file of files) prepared.push(await readPicked(file, prepareFile))
  await requireDeviceRoom(prepared, navigator.storage)
  for (let first = 0; first < prepared.length; first += limits.file.inMessage) {
    const some = prepared.slice(first, first + limits.file.inMessage)
    await addFiles(outbox, chatId, first === 0 ? caption : '', some)
  }
}

async function prepareFile(file: File): Promise<FileToSend> {
  const smaller = sendsSmallerPictures() ? await shrinkPicture(file) : null
  if (smaller) return { ...smaller, name: sendableName(smaller.name) }
  const size = file.type.startsWith('image/') ? await pictureShape(file) : await mediaShape(file)
  return { name: sendableName(file.name), bytes: await withoutPrivateMetadata(file), ...size }
}

/** As the browser shows it: upright. Null for a picture that it cannot read. */
async function pictureShape(file: File): Promise<Pick<FileToSend, 'width' | 'height' | 'thumbhash'> | null> {
  try {
    const picture = await createImageBitmap(file)
    const { width, height } = picture
    const thumbhash = thumbhashOf(picture, { width, height })
    picture.close()
    return { width, height, ...(thumbhash && { thumbhash }) }
  } catch {
    return null
  }
}
