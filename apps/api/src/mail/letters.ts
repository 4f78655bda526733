import { z } from 'zod'

/** What a mail says, as its row keeps it. The secret in it is taken away as soon as it is of no more use. */
export const letter = z.discriminatedUnion('template', [
  z.strictObject({ template: z.literal('reset'), code: z.string(), expiresAt: z.string() }),
  z.strictObject({ template: z.literal('invitation'), link: z.string(), inviter: z.string(), expiresAt: z.string() }),
])

export type LetterData = z.output<typeof letter>
export type Template = LetterData['template']

/** Whatever of a letter opens a door. */
export const secretsOf: Record<Template, string> = { reset: 'code', invitation: 'link' }
export const secretKeys = Object.values(secretsOf)
