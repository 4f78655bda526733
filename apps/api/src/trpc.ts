import { initTRPC, TRPCError } from '@trpc/server'
import type { WireError } from '@veche/shared/errors'
import { isAdmin } from '@veche/shared/permissions'
import { ZodError } from 'zod'
import { addressKey } from '@veche/shared/addresses/address-key'
import type { Actor, Anyone } from './ctx.ts'
import { fail, must, toAppError, trpcCode } from './errors.ts'
import { fieldsOf } from './platform/http/error-answer.ts'
import type { LimitName } from './platform/rate-limits.ts'

const t = initTRPC.context<Anyone>().create({
  // Clients get a code and never a stack.
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
export const callerFactory = t.createCallerFactory

/** Measures each call, and turns an error of a feature into one of tRPC, with our code inside. */
const measuredProcedure = t.procedure.use(async ({ ctx, path, next }) => {
  const stopTimer = ctx.metrics.calls.startTimer({ path })
  const result = await next()
  stopTimer({ outcome: result.ok ? 'ok' : wireError(result.error).code })
  if (result.ok) return result
  const cause = result.error.cause ?? result.error
  const app = toAppError(cause)
  if (app) throw new TRPCError({ code: trpcCode(app.code), message: app.code, cause: app })
  if (cause instanceof ZodError || result.error.code !== 'INTERNAL_SERVER_ERROR') return result
  const incident = crypto.randomUUID().slice(0, 8)
  ctx.log.error({ err: cause, path, incident }, 'an unexpected error')
  throw new TRPCError({ code: 'INTERNAL_SERVER_ERROR', message: 'server.error', cause: new Incident(incident) })
})

/** Who may call a procedure: `open` → `guestOrSignedIn` → `signedIn` → `admin`, each with the rate limit that it counts against. */
export const open = (limit: LimitName) =>
  measuredProcedure.use(async ({ ctx, next }) => {
    await ctx.limits.take(limit, ctx.actor?.userId ?? addressKey(ctx.connection.ip))
    return next()
  })

export const guestOrSignedIn = (limit: LimitName) =>
  measuredProcedure.use(async ({ ctx, next }) => {
    await ctx.limits.take(limit, requireActor(ctx).userId)
    return next(withActor)
  })

export const signedIn = (limit: LimitName) =>
  measuredProcedure.use(async ({ ctx, next, signal }) => {
    const actor = requireActor(ctx)
    await ctx.limits.take(limit, actor.userId)
    if (actor.kind === 'guest') fail('auth.guest_forbidden')
    return reads.has(limit) ? ctx.turns.read.run({ actor, signal }, () => next(withActor)) : next(withActor)
  })

/** What the calls under these limits read may be much, and whoever sends many of them at once must not delay others. */
const reads = new Set<LimitName>(['read', 'sync'])

export const admin = (limit: LimitName) =>
  signedIn(limit).use(({ ctx, next }) => {
    if (!isAdmin(ctx.actor.role)) fail('auth.admin_required')
    return next()
  })

/** Tells the types that there is an actor. The context stays the same object: another one would be a copy of all of it for each call. */
const withActor = { ctx: undefined as unknown as { actor: Actor } }

function requireActor({ actor, connection }: Anyone): Actor {
  if (!actor) fail('auth.required')
  // Another tab of the browser has signed in somebody else, whose cookie this one sends now.
  must(!connection.personOfTab || connection.personOfTab === actor.userId, 'auth.other_person')
  return actor
}

/** An unexpected error. The client is told its number only, by which an operator finds it in the log. */
class Incident extends Error {
  readonly incident: string
  constructor(incident: string) {
    super('server.error')
    this.incident = incident
  }
}

function wireError(error: TRPCError): WireError {
  const app = toAppError(error.cause)
  if (app) return { code: app.code, ...app.details }
  if (error.cause instanceof Incident) return { code: 'server.error', incident: error.cause.incident }
  if (error.cause instanceof ZodError) return { code: 'input.invalid', fields: fieldsOf(error.cause) }
  if (error.code === 'PAYLOAD_TOO_LARGE') return { code: 'request.too_large' }
  return { code: error.code === 'INTERNAL_SERVER_ERROR' ? 'server.error' : 'input.invalid' }
}
