import type { TRPC_ERROR_CODE_KEY } from '@trpc/server/rpc'
import type { ErrorCode, WireError } from '@veche/shared/errors'
import { postgresCode } from './platform/db.ts'

/** The only error that features throw on purpose. Every other error is unexpected: it is logged and answered as `server.error`. */
export class AppError extends Error {
  readonly code: ErrorCode
  readonly details: Omit<WireError, 'code'>
  constructor(code: ErrorCode, details: Omit<WireError, 'code'> = {}) {
    super(code)
    this.code = code
    this.details = details
  }
}

export function fail(code: ErrorCode, details?: Omit<WireError, 'code'>): never {
  throw new AppError(code, details)
}

export function must(condition: unknown, code: ErrorCode): asserts condition {
  if (!condition) fail(code)
}

/** Our code → the code of tRPC, from which the HTTP status follows. */
const trpcCodes: { [code: string]: TRPC_ERROR_CODE_KEY } = {
  'input.invalid': 'BAD_REQUEST',
  'request.foreign_origin': 'FORBIDDEN',
  'request.too_many': 'TOO_MANY_REQUESTS',
  'request.too_large': 'PAYLOAD_TOO_LARGE',
  'request.too_slow': 'TIMEOUT',
  'auth.required': 'UNAUTHORIZED',
  'auth.admin_required': 'FORBIDDEN',
  'auth.guest_forbidden': 'FORBIDDEN',
  'auth.other_person': 'CONFLICT',
  'auth.wrong_credentials': 'UNAUTHORIZED',
  'auth.email_taken': 'CONFLICT',
  'auth.handle_taken': 'CONFLICT',
  'user.not_found': 'NOT_FOUND',
  'user.forbidden': 'FORBIDDEN',
  'chat.not_found': 'NOT_FOUND',
  'chat.forbidden': 'FORBIDDEN',
  'chat.too_many_added': 'TOO_MANY_REQUESTS',
  'chat.id_taken': 'CONFLICT',
  'meeting.not_found': 'NOT_FOUND',
  'meeting.forbidden': 'FORBIDDEN',
  'meeting.id_taken': 'CONFLICT',
  'meeting.seat_taken': 'CONFLICT',
  'meeting.no_node': 'SERVICE_UNAVAILABLE',
  'meeting.not_seated': 'FORBIDDEN',
  'message.conflict': 'CONFLICT',
  'message.not_found': 'NOT_FOUND',
  'file.not_found': 'NOT_FOUND',
  'file.too_large': 'PAYLOAD_TOO_LARGE',
  'file.storage_full': 'SERVICE_UNAVAILABLE',
  'file.disk_full': 'SERVICE_UNAVAILABLE',
  'file.too_many_unsent': 'TOO_MANY_REQUESTS',
  'file.unavailable': 'SERVICE_UNAVAILABLE',
  'avatar.not_found': 'NOT_FOUND',
  'scope.not_found': 'NOT_FOUND',
  'invite.not_found': 'NOT_FOUND',
  'work.not_found': 'NOT_FOUND',
  'server.busy': 'SERVICE_UNAVAILABLE',
  'server.unavailable': 'SERVICE_UNAVAILABLE',
  'server.disk_full': 'SERVICE_UNAVAILABLE',
  'server.error': 'INTERNAL_SERVER_ERROR',
}

export function trpcCode(code: ErrorCode): TRPC_ERROR_CODE_KEY {
  return trpcCodes[code] ?? 'UNPROCESSABLE_CONTENT'
}

/** The error as one of ours: also what Postgres and the connection to it throw. Undefined when it is unexpected. */
export function toAppError(error: unknown): AppError | undefined {
  if (error instanceof AppError) return error
  if (!(error instanceof Error)) return undefined
  const code = postgresCode(error)
  if (code === '55P03' || code === '40P01' || code === '57014')
    return new AppError('server.busy', { retryAfterSeconds: 1 })
  // A date that no calendar of Postgres has.
  if (code === '22008') return new AppError('input.invalid')
  if (code === '53100') return new AppError('server.disk_full', { retryAfterSeconds: 30 })
  if (isConnectionLoss(error, code)) return new AppError('server.unavailable', { retryAfterSeconds: 1 })
  return undefined
}

const connectionLossCodes = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ENOENT',
  '57P01',
  '57P02',
  '57P03',
  '53300',
  '25P03',
  '08006',
  '08003',
])

function isConnectionLoss(error: Error, code: string): boolean {
  if (connectionLossCodes.has(code)) return true
  return /connection terminated|timeout exceeded when trying to connect|connection is closed|not queryable/i.test(
    error.message,
  )
}
