/** An error that the operator can act on. It is printed as one sentence without a stack, and the exit code is 1. */
export class CommandError extends Error {
  override name = 'CommandError'
  exitCode = 1
}

/** The command was called with wrong arguments. */
export class UsageError extends CommandError {
  override exitCode = 2
}

export function errorCode(error: unknown) {
  return error instanceof Error && 'code' in error ? String(error.code) : ''
}

export function reason(error: unknown) {
  return error instanceof Error ? error.message : String(error)
}

/** Recognises common causes of failure in the output of a program. */
export function knownCause(said: string): string | undefined {
  if (/ENOSPC|no space left/i.test(said)) return 'the disk is full'
  if (
    /ENOTFOUND|EAI_AGAIN|ETIMEDOUT|ECONNREFUSED|ENETUNREACH|EHOSTUNREACH|Temporary failure resolving|Could not connect|error sending request/i.test(
      said,
    )
  )
    return 'there is no network; connect this machine and run the command again'
  if (/Killed signal terminated program|cannot allocate memory|out of memory/i.test(said))
    return 'there is too little memory; end other programs and run the command again'
  if (/EACCES|EPERM|EROFS|Permission denied/i.test(said)) return 'this account has no right to write there'
  return undefined
}
