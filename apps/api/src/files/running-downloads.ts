import type { Readable } from 'node:stream'
import type { Ctx } from '../ctx.ts'

const everyMs = 5_000
/** While nobody can say whether the right still stands, a download goes on for this many rounds. */
const maxUnanswered = 12

/** Ends a download soon after its reader has lost the right to it. The session is asked for as well. */
export function endWhenForbidden(
  { sessions, actor, gates }: Ctx,
  body: Readable,
  mayRead: () => Promise<boolean>,
): void {
  let isAsking = false
  let unanswered = 0
  const ask = async () => {
    if (isAsking) return
    isAsking = true
    try {
      const isAllowed = await gates.download.run(
        async () => (await sessions.isStillLive(actor.sessionId)) && (await mayRead()),
      )
      unanswered = 0
      if (!isAllowed) body.destroy(new DownloadForbidden())
    } catch {
      unanswered += 1
      if (unanswered >= maxUnanswered) body.destroy(new DownloadForbidden())
    } finally {
      isAsking = false
    }
  }
  const timer = setInterval(() => void ask(), everyMs)
  body.once('close', () => clearInterval(timer))
}

class DownloadForbidden extends Error {}
