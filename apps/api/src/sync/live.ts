import type { LiveFrame } from '@veche/shared/live'
import { nothing } from '@veche/shared/schemas/fields'
import { fail } from '../errors.ts'
import { signedIn } from '../trpc.ts'

const gate = 'open'

/** The one subscription. It takes no input, so that a reconnect cannot bring an old one back. */
export const live = signedIn('read')
  .input(nothing)
  .subscription(async function* ({ ctx, signal }): AsyncGenerator<LiveFrame, void> {
    const { socket, ip, device } = ctx.connection
    if (!socket) fail('input.invalid')
    // After a restart everybody comes at once; who has given up meanwhile is no work any more.
    const stream = await ctx.gates.open.run(gate, async () =>
      signal?.aborted ? null : ctx.streams.open(ctx.actor, socket, { ip, device }),
    )
    if (!stream) return
    try {
      yield* stream.frames(signal)
    } finally {
      ctx.streams.leave(stream)
    }
    if (stream.sessionOver) {
      setTimeout(() => socket.close(4001, 'signed out'), 250).unref()
      fail('auth.required')
    }
  })
