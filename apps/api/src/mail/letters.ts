import { z } from 'zod'

/** What a mail is to say, as its row keeps it. The secret in it is deleted as soon as it is not needed. */
export const letterSchema = z.discriminatedUnion('template', [
  z.strictObject({ template: z.literal('reset'), code: z.string(), expiresAt: z.string() }),
  z.strictObject({ template: z.literal('invitation'), link: z.string(), inviter: z.string(), expiresAt: z.string() }),
])

export type Letter = z.output<typeof letterSchema>
export type Template = Letter['template']

/** The field of a letter that lets its reader in. */
const secretKeyOf: Record<Template, string> = { reset: 'code', invitation: 'link' }
export const secretKeys = Object.values(secretKeyOf)
