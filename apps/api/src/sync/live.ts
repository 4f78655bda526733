import type { LiveFrame } from '@veche/shared/live'
import type { Ctx, Socket } from '../ctx.ts'
import { fail } from '../errors.ts'
import type { LiveStream } from './LiveStream.ts'

/** The client is told that its session is over before the socket closes, so that it does not reconnect. */
const closeDelayMs = 250

/** The frames of this tab's live stream, for as long as its socket and its session last. */
export async function* liveFrames(ctx: Ctx, signal: AbortSignal | undefined): AsyncGenerator<LiveFrame, void> {
  const { socket, onStream } = ctx.connection
  if (!socket) fail('input.invalid')
  const noteEnd = onStream?.()
  try {
    const stream = await openStream(ctx, socket, signal)
    try {
      yield* stream.frames(signal)
    } finally {
      ctx.liveHub.leave(stream)
    }
    if (!stream.sessionOver) return
    setTimeout(() => socket.close(4001, 'signed out'), closeDelayMs).unref()
    fail('auth.required')
  } finally {
    noteEnd?.()
  }
}

/**
 * After a restart every client comes at once: those that gave up while they waited for a slot cost nothing. A person with thousands of
 * chats takes one slot at most.
 */
function openStream(ctx: Ctx, socket: Socket, signal: AbortSignal | undefined): Promise<LiveStream> {
  const { ip, device } = ctx.connection
  const waiting = { actor: ctx.actor, signal }
  return ctx.turns.open.run(waiting, () =>
    ctx.turns.open.inSlot(waiting, ctx.gates.open, () => ctx.liveHub.open(ctx.actor, socket, { ip, device })),
  )
}
