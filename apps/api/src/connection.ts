import type { IncomingMessage } from 'node:http'
import { TRPCError } from '@trpc/server'
import type { ErrorCode } from '@veche/shared/errors'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { deviceName } from './auth/devices.ts'
import { findActor, sessionCookie } from './auth/sessions.ts'
import type { Anyone, Connection, Socket } from './ctx.ts'
import type { Deps } from './deps.ts'
import { AppError, trpcKind } from './errors.ts'
import { isOwnOrigin } from './platform/origin.ts'

/** The context of one HTTP request (a batch is one). A change must come from our own page: a custom header cannot be sent by a form. */
export async function httpContext(deps: Deps, req: FastifyRequest, reply: FastifyReply): Promise<Anyone> {
  if (req.method !== 'GET' && !fromOwnPage(deps, req)) refuse('request.foreign_origin')
  return { ...deps, actor: await findActor(deps, req.cookies[sessionCookie]), connection: connectionOf(req, reply) }
}

/** The context of a socket: it carries the stream only, which asks again every second who is behind it. */
export async function socketContext(deps: Deps, req: IncomingMessage, ip: string, socket: Socket): Promise<Anyone> {
  const token = cookieOf(req.headers.cookie, sessionCookie)
  const none = () => undefined
  const connection = { ip, device: deviceName(req.headers['user-agent']), setCookie: none, clearCookie: none, socket }
  return { ...deps, actor: await findActor(deps, token), connection }
}

export function cookieOf(header: string | undefined, name: string): string | undefined {
  return header
    ?.split(';')
    .map((part) => part.trim())
    .find((part) => part.startsWith(`${name}=`))
    ?.slice(name.length + 1)
}

/** Outside of a procedure tRPC must be told the kind of the error itself. */
function refuse(code: ErrorCode): never {
  throw new TRPCError({ code: trpcKind(code), message: code, cause: new AppError(code) })
}

function fromOwnPage(deps: Deps, req: FastifyRequest): boolean {
  if (req.headers['x-veche'] !== '1' || !req.headers['content-type']?.startsWith('application/json')) return false
  const site = req.headers['sec-fetch-site']
  if (site !== undefined && site !== 'same-origin') return false
  // Programs that are no browser send neither header; they carry no foreign person's cookie by accident.
  return req.headers.origin === undefined || isOwnOrigin(deps.env, req.headers.origin)
}

function connectionOf(req: FastifyRequest, reply: FastifyReply): Connection {
  const options = { path: '/', httpOnly: true, secure: true, sameSite: 'lax' } as const
  return {
    ip: req.ip,
    device: deviceName(req.headers['user-agent']),
    setCookie: (token, expires) => void reply.setCookie(sessionCookie, token, { ...options, expires }),
    clearCookie: () => void reply.clearCookie(sessionCookie, options),
  }
}
