import { z } from 'zod'
import { limits } from '../limits.ts'
import { body, clientId, chatId, seq } from './fields.ts'

export const send = z.strictObject({ chatId, clientId, body })
/** A page of history before or after a seq, both exclusive, or the newest page when neither is given. */
export const history = z.strictObject({
  chatId,
  before: seq.optional(),
  after: seq.optional(),
  limit: z.int().min(1).max(limits.page.history).default(50),
})
export const position = z.strictObject({ chatId, seq })
export const typing = z.strictObject({ chatId })

export type SendMessage = z.output<typeof send>
export type History = z.output<typeof history>
export type Position = z.output<typeof position>
export type Typing = z.output<typeof typing>
