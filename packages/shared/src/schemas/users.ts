import { z } from 'zod'
import { search, userId } from './fields.ts'
import { limits } from '../limits.ts'

export const people = z.strictObject({
  query: search.optional(),
  cursor: z.string().max(200).nullish(),
  limit: z.int().min(1).max(limits.page.people).default(50),
})
export const byIds = z.strictObject({ ids: z.array(userId).min(1).max(200) })

export type People = z.output<typeof people>
export type ByIds = z.output<typeof byIds>
