import type { IncomingMessage } from 'node:http'
import { TRPCError } from '@trpc/server'
import type { ErrorCode } from '@veche/shared/errors'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { deviceName } from './auth/devices.ts'
import { sessionCookie } from './auth/session-cookie.ts'
import { findActor } from './auth/sessions.ts'
import type { Anyone, Connection } from './ctx.ts'
import type { Deps } from './deps.ts'
import { AppError, fail, trpcCode } from './errors.ts'
import { isOwnOrigin } from './platform/http/origin.ts'

/** The context of one call of tRPC over HTTP; a batch is one. Everything but a GET must come from a page of ours. */
export async function trpcContext(deps: Deps, req: FastifyRequest, reply: FastifyReply): Promise<Anyone> {
  const isJson = req.headers['content-type']?.startsWith('application/json')
  if (req.method !== 'GET' && !(isJson && isFromOwnPage(deps, req))) refuse('request.foreign_origin')
  return await httpContext(deps, req, reply)
}

/** The context of one HTTP request. */
export async function httpContext(deps: Deps, req: FastifyRequest, reply: FastifyReply): Promise<Anyone> {
  const token = req.cookies[sessionCookie(deps.env).name]
  return { ...deps, actor: await findActor(deps, token), connection: connectionOf(deps, req, reply) }
}

/** The context of a WebSocket. It carries the live stream only, whose session is checked again every second. */
export async function socketContext(
  deps: Deps,
  req: IncomingMessage,
  given: Required<Pick<Connection, 'ip' | 'socket' | 'onStream'>>,
): Promise<Anyone> {
  const token = readCookie(req.headers.cookie, sessionCookie(deps.env).name)
  const none = () => undefined
  const device = deviceName(req.headers['user-agent'])
  const connection = { ...given, device, setCookie: none, clearCookie: none, setDeviceCookie: none }
  return { ...deps, actor: await findActor(deps, token), connection }
}

function readCookie(header: string | undefined, name: string): string | undefined {
  return header
    ?.split(';')
    .map((part) => part.trim())
    .find((part) => part.startsWith(`${name}=`))
    ?.slice(name.length + 1)
}

/** Outside of a procedure tRPC does not format errors: it takes the code of its own error. */
function refuse(code: ErrorCode): never {
  throw new TRPCError({ code: trpcCode(code), message: code, cause: new AppError(code) })
}

/** A request that changes something must come from a page of ours. */
export function refuseForeignPages(deps: Deps, req: FastifyRequest): void {
  const reads = req.method === 'GET' || req.method === 'HEAD'
  if (!reads && !isFromOwnPage(deps, req)) fail('request.foreign_origin')
}

/** A form of another site can send our cookie, but no custom header. */
function isFromOwnPage(deps: Deps, req: FastifyRequest): boolean {
  if (req.headers['x-veche'] !== '1') return false
  const site = req.headers['sec-fetch-site']
  if (site !== undefined && site !== 'same-origin') return false
  // Programs that are no browser send no origin; they do not send the cookie of another person by accident.
  return req.headers.origin === undefined || isOwnOrigin(deps.env, req.headers.origin)
}

/** Browsers keep no cookie for longer. */
const deviceCookieSeconds = 400 * 86_400

function connectionOf(deps: Deps, req: FastifyRequest, reply: FastifyReply): Connection {
  const { name, secure } = sessionCookie(deps.env)
  const options = { path: '/', httpOnly: true, secure, sameSite: 'lax' } as const
  return {
    ip: req.ip,
    personOfTab: req.headers['x-veche-person']?.toString(),
    device: deviceName(req.headers['user-agent']),
    setCookie: (token, expires) => void reply.setCookie(name, token, { ...options, expires }),
    clearCookie: () => void reply.clearCookie(name, options),
    deviceCookie: req.cookies[`${name}-device`],
    setDeviceCookie: (value) =>
      void reply.setCookie(`${name}-device`, value, { ...options, maxAge: deviceCookieSeconds }),
  }
}
