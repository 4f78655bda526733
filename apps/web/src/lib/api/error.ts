import { TRPCClientError } from '@trpc/client'
import type { ErrorCode, LimitBytes, WireError } from '@veche/shared/errors'

/** What the server can answer, the two errors that happen without an answer, and one of the browser. */
export type AppErrorCode = ErrorCode | 'network.unreachable' | 'network.timeout' | 'browser.no_cookie'

export class AppError extends Error {
  readonly code: AppErrorCode
  readonly retryAfterSeconds: number | undefined
  readonly fields: readonly string[]
  readonly incident: string | undefined
  readonly bytes: LimitBytes | undefined

  constructor(code: AppErrorCode, wire: Omit<WireError, 'code'> = {}) {
    super(code)
    this.name = 'AppError'
    this.code = code
    this.retryAfterSeconds = wire.retryAfterSeconds
    this.fields = wire.fields ?? []
    this.incident = wire.incident
    this.bytes = wire.bytes
  }

  /** No answer came, so the server may have done it or not. */
  get network(): boolean {
    return this.code.startsWith('network.')
  }

  /** The same request may succeed later. */
  get isTemporary(): boolean {
    return this.network || this.code === 'server.busy' || this.code.endsWith('.unavailable')
  }
}

/** Turns anything thrown into an error that has a text. */
export function appError(thrown: unknown): AppError {
  if (thrown instanceof AppError) return thrown
  if (!(thrown instanceof TRPCClientError)) return new AppError('server.error')
  const wire = wireError(thrown.data)
  if (wire) return new AppError(wire.code, wire)
  if (thrown.data) return new AppError('server.error')
  return new AppError(isTimeout(thrown.cause) ? 'network.timeout' : codeWithoutAnswer(thrown))
}

/** When the server is down, a proxy in front of it answers in HTML. That counts as unreachable. */
function codeWithoutAnswer(thrown: TRPCClientError<never>): AppErrorCode {
  const response = thrown.meta?.['response']
  const tooMany = response instanceof Response && response.status === 429
  return tooMany ? 'request.too_many' : 'network.unreachable'
}

function isTimeout(cause: unknown): boolean {
  return cause instanceof DOMException && cause.name === 'TimeoutError'
}

/** A newer server may answer a code that this release does not know: it reads as an error of the server (`describeError`). */
export function wireError(data: unknown): WireError | null {
  const wire = isRecord(data) ? data['veche'] : null
  if (!isRecord(wire) || typeof wire['code'] !== 'string') return null
  return {
    code: wire['code'] as ErrorCode,
    ...(typeof wire['retryAfterSeconds'] === 'number' ? { retryAfterSeconds: wire['retryAfterSeconds'] } : {}),
    ...(Array.isArray(wire['fields']) ? { fields: wire['fields'].map(String) } : {}),
    ...(typeof wire['incident'] === 'string' ? { incident: wire['incident'] } : {}),
    ...(isRecord(wire['bytes']) ? { bytes: wire['bytes'] as LimitBytes } : {}),
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}
