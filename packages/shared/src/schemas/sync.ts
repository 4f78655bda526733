import { z } from 'zod'
import { limits } from '../limits.ts'
import { serverLimits } from '../server-limits.ts'
import { rev, scopeId } from './fields.ts'

export const state = z.strictObject({
  /** What the client holds, as pairs of scope and cursor. */
  scopes: z.array(z.tuple([scopeId, rev])).max(serverLimits.sync.scopes),
})
export const scope = z.strictObject({ id: scopeId, since: rev })
export const chats = z.strictObject({
  cursor: z.string().max(200).nullish(),
  limit: z.int().min(1).max(limits.page.chats).default(limits.page.chats),
})

export type SyncState = z.output<typeof state>
export type SyncScope = z.output<typeof scope>
export type SyncChats = z.output<typeof chats>
