import { initTRPC, TRPCError } from '@trpc/server'
import type { WireError } from '@veche/shared/errors'
import { ZodError } from 'zod'
import { CallError, fail, must, trpcKind } from './errors.ts'
import type { Node } from './Node.ts'
import type { SignallingSocket } from './signalling/SignallingSocket.ts'

/** The socket of a browser, or null when the API calls on the control port. */
export type Ctx = { node: Node; socket: SignallingSocket | null }

const t = initTRPC.context<Ctx>().create({
  // The stack goes to the log only. A client gets a code.
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

/** Measures every call, and turns what was thrown into an error of tRPC with our code inside. */
const measuredProcedure = t.procedure.use(async ({ ctx, path, next }) => {
  const stopTimer = ctx.node.metrics.calls.startTimer({ path })
  const result = await next()
  stopTimer({ outcome: result.ok ? 'ok' : wireError(result.error).code })
  if (result.ok) return result
  const cause = result.error.cause ?? result.error
  if (cause instanceof CallError)
    throw new TRPCError({ code: trpcKind(cause.code), message: cause.code, cause: new CallError(cause.code) })
  if (cause instanceof ZodError || result.error.code !== 'INTERNAL_SERVER_ERROR') return result
  const incident = crypto.randomUUID().slice(0, 8)
  ctx.node.log.error({ err: cause, path, incident }, 'an unexpected error')
  throw new TRPCError({ code: 'INTERNAL_SERVER_ERROR', message: 'server.error', cause: new Incident(incident) })
})

/** Called by the API, on the control port. */
export const controlProcedure = measuredProcedure

/** Called on a socket. Each call counts against the socket's rate. */
export const socketProcedure = measuredProcedure.use(({ ctx, next }) => {
  const { socket } = ctx
  if (!socket) fail('call.not_joined')
  socket.requireRequestRate()
  return next({ ctx: { socket } })
})

/** Called on a socket that has joined. */
export const joinedProcedure = socketProcedure.use(({ ctx, next }) => {
  const { peer } = ctx.socket
  if (!peer) fail('call.not_joined')
  if (peer.ended) fail('call.ended')
  peer.noteCall()
  return next({ ctx: { peer } })
})

/** Causes a broadcast to the whole room, or costs as much as several. To pause or close something is never limited. */
export const broadcasting = (tokens = 1) =>
  joinedProcedure.use(({ ctx, next }) => {
    must(ctx.peer.takeBroadcastToken(tokens), 'request.too_many')
    return next()
  })

/** An input may have thousands of wrong fields. The answer names only the first. */
const maxFields = 20

/** An unexpected error. The client is told its number only, by which an operator finds it in the log. */
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
    return { code: 'input.invalid', fields: cause.issues.slice(0, maxFields).map(({ path }) => path.join('.')) }
  if (error.code === 'PAYLOAD_TOO_LARGE') return { code: 'request.too_large' }
  return { code: error.code === 'INTERNAL_SERVER_ERROR' ? 'server.error' : 'input.invalid' }
}
