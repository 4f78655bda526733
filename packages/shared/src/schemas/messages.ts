import { z } from 'zod'
import { limits } from '../limits.ts'
import { galleryKinds } from '../messages.ts'
import { body, clientId, chatId, contentId, fileName, seq } from './fields.ts'

/** Of a picture, in pixels. */
const side = z.int().min(1).max(limits.file.side)

export const send = z.strictObject({ chatId, clientId, body })
const durationMs = z.int().min(0).max(limits.file.durationMs)
/** A byte for each part of the sound. */
const waveform = z.base64().max(Math.ceil(limits.file.waveform / 3) * 4)
/** Its head alone has 5 bytes, and the longest has 25: of a picture that is transparent. */
const thumbhash = z.base64().min(8).max(36)
const file = z.strictObject({
  contentId,
  name: fileName,
  width: side.optional(),
  height: side.optional(),
  thumbhash: thumbhash.optional(),
  durationMs: durationMs.optional(),
  waveform: waveform.optional(),
})
/** Uploads of mine that are complete, in the order in which they are shown, with a caption that may be empty. */
export const sendFiles = z.strictObject({
  chatId,
  clientId,
  body,
  files: z.array(file).min(1).max(limits.file.inMessage),
  /** A voice message: one sound without a caption. */
  voice: z.boolean().default(false),
})
/** A page of history before or after a seq, both exclusive, or the newest page when neither is given. */
export const history = z.strictObject({
  chatId,
  before: seq.optional(),
  after: seq.optional(),
  limit: z.int().min(1).max(limits.page.history).default(50),
})
/** A page of the messages that hold something of a kind, before or after a seq, both exclusive; the newest page when neither is given. */
export const gallery = z.strictObject({
  chatId,
  kind: z.enum(galleryKinds),
  before: seq.optional(),
  after: seq.optional(),
  limit: z.int().min(1).max(limits.page.gallery).default(60),
})
export const position = z.strictObject({ chatId, seq })
export const deleteMessage = z.strictObject({ chatId, seq })
/** A voice message that I have listened to. */
export const listen = z.strictObject({ chatId, seq })
export const typing = z.strictObject({ chatId })

export type SendMessage = z.output<typeof send>
export type SendFiles = z.output<typeof sendFiles>
export type History = z.output<typeof history>
export type Gallery = z.output<typeof gallery>
export type DeleteMessage = z.output<typeof deleteMessage>
export type Listen = z.output<typeof listen>
export type Position = z.output<typeof position>
export type Typing = z.output<typeof typing>
