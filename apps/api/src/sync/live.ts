import type { LiveFrame } from '@veche/shared/live'
import type { Ctx } from '../ctx.ts'
import { fail } from '../errors.ts'

/** The client is told that its session is over before the socket closes, so that it does not reconnect. */
const closeDelayMs = 250

/** The frames of this tab's live stream, for as long as its socket and its session last. */
export async function* liveFrames(ctx: Ctx, signal: AbortSignal | undefined): AsyncGenerator<LiveFrame, void> {
  const { socket, ip, device, onStream } = ctx.connection
  if (!socket) fail('input.invalid')
  onStream?.()
  // After a restart every client comes at once: those that gave up while they waited for a slot cost nothing.
  const stream = await ctx.gates.open.run(async () => {
    if (signal?.aborted) return null
    return ctx.liveHub.open(ctx.actor, socket, { ip, device })
  })
  if (!stream) return
  try {
    yield* stream.frames(signal)
  } finally {
    ctx.liveHub.leave(stream)
  }
  if (stream.sessionOver) {
    setTimeout(() => socket.close(4001, 'signed out'), closeDelayMs).unref()
    fail('auth.required')
  }
}
