import cookie from '@fastify/cookie'
import { type FastifyTRPCPluginOptions, fastifyTRPCPlugin } from '@trpc/server/adapters/fastify'
import { limits } from '@veche/shared/limits'
import Fastify, { type FastifyInstance, type FastifyReply } from 'fastify'
import { avatarRoutes } from './avatars/http.ts'
import type { Deps } from './deps.ts'
import { downloadRoutes } from './files/download.ts'
import { uploadRoutes } from './files/uploads/http.ts'
import { serveRoutes } from './http-routes.ts'
import { mailboxRoutes } from './mail/http.ts'
import { SeatGuard } from './meetings/seats/SeatGuard.ts'
import { openControlPort } from './nodes/control-port.ts'
import { openSignallingProxy } from './nodes/signalling-proxy.ts'
import { errorAnswer } from './platform/http/error-answer.ts'
import { serveHealth } from './platform/http/health.ts'
import { limitKeptAnswers } from './platform/http/kept-answers.ts'
import { refuseMalformedRequests } from './platform/http/malformed-requests.ts'
import { limitRequestTime } from './platform/http/request-time.ts'
import { limitSilentConnections } from './platform/http/silent-connections.ts'
import { limitOpenAnswers } from './platform/http/open-answers.ts'
import { limitUnreadAnswers } from './platform/http/unread-answers.ts'
import { serveUpgrades } from './platform/http/upgrades.ts'
import { serveWebApp } from './platform/http/web-app.ts'
import { trpcContext } from './request-context.ts'
import { type AppRouter, appRouter, socketRouter } from './router.ts'
import { liveUpgrades } from './sync/live-upgrades.ts'

/** `http` serves the browsers; `control` takes the heartbeats of the media nodes, on a port of its own. */
export type App = { http: FastifyInstance; control: FastifyInstance; close: () => Promise<void> }

const requestTimeoutMs = 30_000

/** How long a stop waits for requests in flight. */
const closeTimeoutMs = 5_000

/** The HTTP server with its procedures, HTTP routes and WebSockets, over `deps`. Tests use the same. */
export async function createApp(deps: Deps): Promise<App> {
  const http = await openHttp(deps)
  const upgrades = [liveUpgrades(deps, socketRouter), openSignallingProxy(deps)]
  serveUpgrades(http, upgrades)
  const control = openControlPort(deps)
  const guard = new SeatGuard(deps)
  deps.nodeWatch.start()
  guard.start()
  let closing = false
  http.addHook('onSend', async (_req, reply) => void (closing && reply.header('connection', 'close')))
  const close = async () => {
    closing = true
    // Live streams first: clients reconnect elsewhere while requests in flight are still answered.
    for (const upgrade of upgrades) upgrade.close()
    deps.liveHub.close()
    deps.nodeWatch.stop()
    guard.stop()
    const closeTimer = setTimeout(
      () => [http, control].forEach(({ server }) => server.closeAllConnections()),
      closeTimeoutMs,
    )
    await Promise.all([http.close(), control.close()])
    clearTimeout(closeTimer)
  }
  return { http, control, close }
}

/** The server for browsers, with its procedures and HTTP routes. */
async function openHttp(deps: Deps): Promise<FastifyInstance> {
  const http = Fastify({
    logger: false,
    trustProxy: deps.env.TRUSTED_PROXIES.length > 0 ? deps.env.TRUSTED_PROXIES : false,
    bodyLimit: 1_000_000,
    routerOptions: { maxParamLength: 5_000 },
  })
  limitSilentConnections(http.server, deps.env)
  limitOpenAnswers(http)
  limitUnreadAnswers(http.server)
  limitRequestTime(http, requestTimeoutMs)
  refuseMalformedRequests(http)
  http.setErrorHandler((error, req, reply) => {
    const { status, body } = errorAnswer(deps, error, req.url)
    return reply.code(status).type('application/json').send(body)
  })
  http.addHook('onSend', (_req, reply, payload) => bufferAnswer(reply, payload))
  limitKeptAnswers(http)
  await http.register(cookie)
  await http.register(fastifyTRPCPlugin, { prefix: '/api/trpc', trpcOptions: trpcOptions(deps) })
  serveHealth(http, deps)
  await serveRoutes(http, deps, [...mailboxRoutes, ...uploadRoutes, ...downloadRoutes, ...avatarRoutes])
  await serveWebApp(http, deps.env)
  return http
}

/** tRPC returns a stream even when the whole answer is ready. Sending the answer in one piece costs less than sending it in chunks. */
async function bufferAnswer(reply: FastifyReply, payload: unknown): Promise<unknown> {
  if (!(payload instanceof Response)) return payload
  reply.code(payload.status)
  for (const [name, value] of payload.headers) if (name !== 'transfer-encoding') reply.header(name, value)
  return payload.text()
}

function trpcOptions(deps: Deps): FastifyTRPCPluginOptions<AppRouter>['trpcOptions'] {
  return {
    router: appRouter,
    maxBatchSize: limits.batch,
    createContext: ({ req, res }) => trpcContext(deps, req, res),
    responseMeta: () => ({ headers: notStored }),
  }
}

const notStored = { 'cache-control': 'no-store' }
