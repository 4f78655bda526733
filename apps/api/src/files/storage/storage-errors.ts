import { AppError } from '../../errors.ts'

/** There is no room for bytes: that ends, and is no fault of the file. */
export function diskFull(): AppError {
  return new AppError('file.disk_full', { retryAfterSeconds: 30 })
}

/** S3 does not answer, or gives what cannot be right. */
export function unavailable(cause: unknown): AppError {
  return Object.assign(new AppError('file.unavailable', { retryAfterSeconds: 5 }), { cause })
}

export function isUnavailable(error: unknown): boolean {
  return error instanceof AppError && error.code === 'file.unavailable'
}

/** Also as the system says it. */
export function isDiskFull(error: unknown): boolean {
  const { code } = (error ?? {}) as { code?: unknown }
  return code === 'ENOSPC' || code === 'EDQUOT' || code === 'file.disk_full'
}

/** What the local disk refuses, in our words. */
export function localError(error: unknown): never {
  throw isDiskFull(error) ? diskFull() : error
}
