import type { IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'
import { addressKey } from '@veche/shared/addresses/address-key'
import { isAdmin } from '@veche/shared/permissions'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Anyone, Ctx } from './ctx.ts'
import type { Deps } from './deps.ts'
import { AppError, fail } from './errors.ts'
import { type ErrorAnswer, errorAnswer } from './platform/http/error-answer.ts'
import { LongBody, SenderGone, slowestSender } from './platform/http/LongBody.ts'
import type { LimitName } from './platform/rate-limits.ts'
import { httpContext, refuseForeignPages } from './request-context.ts'

/** A plain HTTP route, for what tRPC is no good at: uploads, downloads, redirects, pages, and hooks of other servers. */
export type HttpRoute = {
  method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** In the words of Fastify: `/files/:id`. */
  path: string
  limit: LimitName
  /** Without it a request may have no body. */
  maxBodyBytes?: number
} & (
  | { access: 'open'; handle: Handler<Anyone> }
  | { access: 'guestOrSignedIn' | 'signedIn' | 'admin'; handle: Handler<Ctx> }
  /** Another server calls it. It sends no cookie of ours, and the route checks its signature. */
  | { access: 'hook'; handle: Handler<Anyone> }
)

export type RouteRequest<C> = {
  ctx: C
  params: Record<string, string>
  query: Record<string, unknown>
  body: Readable
  raw: IncomingMessage
}
export type RouteAnswer =
  | { status?: number; headers?: Record<string, string>; body?: Readable | Buffer | string | object }
  | { redirect: string }
type Handler<C> = (request: RouteRequest<C>) => Promise<RouteAnswer> | RouteAnswer

/** A sender that is refused may still be sending. When its socket is closed before it is done, it does not see the answer. */
const drainMs = 1_000

export async function serveRoutes(http: FastifyInstance, deps: Deps, routes: HttpRoute[], slowest = slowestSender) {
  await http.register(async (scope) => {
    // Bodies are left as they come, whatever their type.
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser('*', (_req, payload, done) => done(null, payload))
    for (const route of routes) {
      const { method, path: url } = route
      const config = { longBody: route.maxBodyBytes !== undefined }
      // The answer to HEAD that Fastify would make of a GET reads the whole body.
      scope.route({
        method,
        url,
        config,
        exposeHeadRoute: false,
        handler: (req, reply) => serve(deps, route, { req, reply, slowest }),
      })
    }
  })
}

type Exchange = { req: FastifyRequest; reply: FastifyReply; slowest: typeof slowestSender }

async function serve(deps: Deps, route: HttpRoute, { req, reply, slowest }: Exchange): Promise<FastifyReply> {
  const path = `${route.method} ${route.path}`
  const stopTimer = deps.metrics.calls.startTimer({ path })
  let body: Readable = Readable.from([])
  try {
    const ctx = await contextFor(deps, route, req, reply)
    if (route.maxBodyBytes !== undefined) body = new LongBody(req.raw, { ...slowest, maxBytes: route.maxBodyBytes })
    else if (hasBody(req)) throw new AppError('input.invalid')
    const query = req.query as Record<string, unknown>
    const answer = await handle(route, { ctx, query, body, params: req.params as Record<string, string>, raw: req.raw })
    stopTimer({ outcome: 'ok' })
    return send(reply, answer)
  } catch (error) {
    body.destroy()
    // A request whose body was read to its end is destroyed too, while its sender waits for the answer.
    const isGone = req.raw.socket.destroyed || (req.raw.destroyed && !req.raw.complete)
    if (error instanceof SenderGone || isGone) {
      stopTimer({ outcome: 'gone' })
      return reply.hijack()
    }
    const refused = errorAnswer(deps, error, path)
    stopTimer({ outcome: refused.body.code })
    return await sendError(req, reply, refused)
  }
}

async function contextFor(deps: Deps, route: HttpRoute, req: FastifyRequest, reply: FastifyReply): Promise<Anyone> {
  if (route.access !== 'hook') refuseForeignPages(deps, req)
  const ctx = await httpContext(deps, req, reply)
  if (route.access === 'hook') ctx.actor = null
  await ctx.limits.take(route.limit, ctx.actor?.userId ?? addressKey(ctx.connection.ip))
  return ctx
}

function handle(route: HttpRoute, request: RouteRequest<Anyone>): Promise<RouteAnswer> | RouteAnswer {
  if (route.access === 'open' || route.access === 'hook') return route.handle(request)
  const { actor } = request.ctx
  if (!actor) fail('auth.required')
  if (actor.kind === 'guest' && route.access !== 'guestOrSignedIn') fail('auth.guest_forbidden')
  if (route.access === 'admin' && !isAdmin(actor.role)) fail('auth.admin_required')
  return route.handle({ ...request, ctx: { ...request.ctx, actor } })
}

function hasBody({ headers }: FastifyRequest): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0
}

function send(reply: FastifyReply, answer: RouteAnswer): FastifyReply {
  if ('redirect' in answer) return reply.redirect(answer.redirect)
  const { status = 200, headers = {}, body } = answer
  return reply
    .code(status)
    .headers({ 'cache-control': 'no-store', ...headers })
    .send(body)
}

async function sendError({ raw }: FastifyRequest, reply: FastifyReply, { status, body }: ErrorAnswer) {
  if (!raw.complete) {
    reply.header('connection', 'close')
    await drain(raw)
  }
  return reply.code(status).header('cache-control', 'no-store').send(body)
}

/** Reads on for a moment, and forgets what comes. */
function drain(raw: IncomingMessage): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, drainMs)
    raw.once('close', () => (clearTimeout(timer), resolve()))
    raw.once('end', () => (clearTimeout(timer), resolve()))
    raw.resume()
  })
}
