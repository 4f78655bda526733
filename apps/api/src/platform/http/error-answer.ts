import { TRPCError } from '@trpc/server'
import { getHTTPStatusCodeFromError } from '@trpc/server/http'
import type { WireError } from '@veche/shared/errors'
import type { FastifyError } from 'fastify'
import { ZodError } from 'zod'
import type { Deps } from '../../deps.ts'
import { toAppError, trpcCode } from '../../errors.ts'

export type ErrorAnswer = { status: number; body: WireError }

/** What an HTTP answer says of an error. An unexpected error is logged, and the client is told its number only. */
export function errorAnswer(deps: Pick<Deps, 'log'>, error: unknown, path: string): ErrorAnswer {
  const app = toAppError(error)
  if (app) return { status: statusOf(error, trpcCode(app.code)), body: { code: app.code, ...app.details } }
  if (error instanceof ZodError) return { status: 400, body: { code: 'input.invalid', fields: fieldsOf(error) } }
  const status = (error as FastifyError).statusCode ?? 500
  if (status < 500) return { status, body: { code: status === 413 ? 'request.too_large' : 'input.invalid' } }
  const incident = crypto.randomUUID().slice(0, 8)
  deps.log.error({ err: error, path, incident }, 'an unexpected error')
  return { status, body: { code: 'server.error', incident } }
}

/** A hostile input may be wrong in thousands of places. */
const maxFields = 20

export function fieldsOf({ issues }: ZodError): string[] {
  return issues.slice(0, maxFields).map(({ path }) => path.join('.'))
}

function statusOf(cause: unknown, code: TRPCError['code']): number {
  return getHTTPStatusCodeFromError(new TRPCError({ code, cause }))
}
