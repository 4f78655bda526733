import { z } from 'zod'
import { limits } from '../limits.ts'
import { serverLimits } from '../server-limits.ts'
import { serverRoles } from '../permissions.ts'
import { email, inviteId, search, userId } from './fields.ts'

export const people = z.strictObject({
  query: search.optional(),
  cursor: z.string().max(200).nullish(),
  limit: z.int().min(1).max(limits.page.people).default(50),
})
export const setRole = z.strictObject({ userId, role: z.enum(serverRoles) })
export const setDisabled = z.strictObject({ userId, disabled: z.boolean() })
export const createInvite = z.strictObject({
  role: z.enum(['member', 'admin']).default('member'),
  /** An invitation with an address works for it alone and is mailed to it. */
  email: email.optional(),
  uses: z.int().min(1).max(serverLimits.invite.maxUses).default(1),
  days: z.int().min(1).max(serverLimits.invite.maxDays).default(7),
})
export const oneInvite = z.strictObject({ inviteId })
/** A row that was given up, and the kind of work it is. */
export const givenUpKey = z.strictObject({ kind: z.string().max(40), id: z.uuid() })

export type AdminPeople = z.output<typeof people>
export type SetServerRole = z.output<typeof setRole>
export type SetDisabled = z.output<typeof setDisabled>
export type CreateInvite = z.output<typeof createInvite>
export type OneInvite = z.output<typeof oneInvite>
export type GivenUpKey = z.output<typeof givenUpKey>
