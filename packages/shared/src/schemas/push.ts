import * as z from 'zod/mini'
import { serverLimits } from '../server-limits.ts'

/**
 * What a push tells the service worker: a notification in the language of its reader. Keys that a newer release adds are ignored. This
 * is zod/mini, because the service worker is loaded by every browser.
 */
export const pushPayload = z.object({
  title: z.string().check(z.minLength(1), z.maxLength(serverLimits.push.title)),
  body: z.string().check(z.maxLength(serverLimits.push.body)),
  /** The page that a click opens: a path of this app. */
  path: z.string().check(z.maxLength(serverLimits.push.path), z.regex(/^\/(?![/\\])/)),
  /** A notification replaces the one before it that has the same tag. */
  tag: z.optional(z.string().check(z.maxLength(serverLimits.push.tag))),
})

export type PushPayload = z.output<typeof pushPayload>
