import { initTRPC, TRPCError } from '@trpc/server'
import type { WireError } from '@veche/shared/errors'
import { ZodError } from 'zod'
import { CallError, fail, must, trpcKind } from './errors.ts'
import type { Line } from './signalling/SignallingSocket.ts'
import type { Node } from './Node.ts'

/** A browser's socket, or (no line) the API on the control port. */
export type Ctx = { node: Node; line: Line | null }

const t = initTRPC.context<Ctx>().create({
  // The stack stays in the log: a client gets a code.
  isDev: false,
  errorFormatter: ({ shape, error }) => {
    const veche = wireError(error)
    return {
      message: veche.code,
      code: shape.code,
      data: { httpStatus: shape.data.httpStatus, path: shape.data.path, veche },
    }
  },
  sse: { enabled: false },
})

export const router = t.router

/** Measures every call, and turns what was thrown into tRPC's own error, with the code inside. */
const observed = t.procedure.use(async ({ ctx, path, next }) => {
  const done = ctx.node.metrics.calls.startTimer({ path })
  const result = await next()
  done({ outcome: result.ok ? 'ok' : wireError(result.error).code })
  if (result.ok) return result
  const cause = result.error.cause ?? result.error
  if (cause instanceof CallError)
    throw new TRPCError({ code: trpcKind(cause.code), message: cause.code, cause: new CallError(cause.code) })
  if (cause instanceof ZodError || result.error.code !== 'INTERNAL_SERVER_ERROR') return result
  const incident = crypto.randomUUID().slice(0, 8)
  ctx.node.log.error({ err: cause, path, incident }, 'an unexpected error')
  throw new TRPCError({ code: 'INTERNAL_SERVER_ERROR', message: 'server.error', cause: new Incident(incident) })
})

/** The API, on its own port. */
export const control = observed

/** Whoever has a socket: each call counts against its rate. */
export const open = observed.use(({ ctx, next }) => {
  const { line } = ctx
  if (!line) fail('call.not_joined')
  line.count()
  return next({ ctx: { line } })
})

/** Whoever has joined on this socket. */
export const seated = open.use(({ ctx, next }) => {
  const { peer } = ctx.line
  if (!peer) fail('call.not_joined')
  if (peer.ended) fail('call.ended')
  peer.heard()
  return next({ ctx: { peer } })
})

/** What all others in the room are told of, or costs as much: so many times. To stop something is never refused. */
export const stirring = (times = 1) =>
  seated.use(({ ctx, next }) => {
    must(ctx.peer.stir(times), 'request.too_many')
    return next()
  })

/** Of what is wrong with an input: a message may be wrong in more places than anybody would read of. */
const mostFields = 20

class Incident extends Error {
  readonly incident: string
  constructor(incident: string) {
    super('server.error')
    this.incident = incident
  }
}

function wireError(error: TRPCError): WireError {
  const { cause } = error
  if (cause instanceof CallError) return { code: cause.code }
  if (cause instanceof Incident) return { code: 'server.error', incident: cause.incident }
  if (cause instanceof ZodError)
    return { code: 'input.invalid', fields: cause.issues.slice(0, mostFields).map(({ path }) => path.join('.')) }
  if (error.code === 'PAYLOAD_TOO_LARGE') return { code: 'request.too_large' }
  return { code: error.code === 'INTERNAL_SERVER_ERROR' ? 'server.error' : 'input.invalid' }
}
