import type { ChatId, UserId } from '@veche/shared/ids'
import type { ShownFile } from '../shown/shown-files.ts'

/** A sound that can be played. */
export type Track = {
  /** Of a voice message: the same before and after it was sent. */
  key: string
  /** draft: recorded here and not sent. */
  kind: 'voice' | 'sound' | 'draft'
  /** An address, or how to get at the bytes that only this device has. */
  source: string | (() => Promise<Blob | null>)
  durationMs: number | null
  /** Its message; null while that has no number, and for a draft. */
  message: { chatId: ChatId; seq: number; authorId: UserId } | null
  name: string
}

/** What a message of this kind plays: the version that every browser plays, if there is one. */
export function playedUrl(file: Pick<ShownFile, 'url' | 'hasRendition'>): string | null {
  return file.url && file.hasRendition ? `${file.url}/rendition` : file.url
}
