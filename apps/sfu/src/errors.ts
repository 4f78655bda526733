import type { TRPC_ERROR_CODE_KEY } from '@trpc/server/rpc'
import type { ErrorCode } from '@veche/shared/errors'
import { errors } from 'mediasoup'

/** The only error that is thrown on purpose. Any other error is unexpected: it is logged and answered as `server.error`. */
export class CallError extends Error {
  readonly code: ErrorCode
  constructor(code: ErrorCode, cause?: unknown) {
    super(code, { cause })
    this.code = code
  }
}

export function fail(code: ErrorCode): never {
  throw new CallError(code)
}

export function must(condition: unknown, code: ErrorCode): asserts condition {
  if (!condition) fail(code)
}

/** Turns errors of mediasoup into our codes: parameters that it refuses, or something that is gone. */
export function fromMedia(error: unknown): unknown {
  if (error instanceof CallError || !(error instanceof Error)) return error
  if (error instanceof TypeError || error instanceof errors.UnsupportedError)
    return new CallError('call.media_refused', error)
  if (error instanceof errors.WorkerClosedError || error instanceof errors.NotFoundError)
    return new CallError('call.media_lost', error)
  // Refusals of the worker process come as plain errors, for example when a stream collides with another.
  return error.constructor === Error ? new CallError('call.media_refused', error) : error
}

const kinds: { [code: string]: TRPC_ERROR_CODE_KEY } = {
  'input.invalid': 'BAD_REQUEST',
  'request.too_many': 'TOO_MANY_REQUESTS',
  'call.ticket_invalid': 'UNAUTHORIZED',
  'call.resume_invalid': 'UNAUTHORIZED',
  'call.not_joined': 'FORBIDDEN',
  'call.forbidden': 'FORBIDDEN',
  'call.timeout': 'TIMEOUT',
  'server.busy': 'SERVICE_UNAVAILABLE',
  'server.unavailable': 'SERVICE_UNAVAILABLE',
}

export function trpcKind(code: ErrorCode): TRPC_ERROR_CODE_KEY {
  return kinds[code] ?? 'UNPROCESSABLE_CONTENT'
}
