/** Something a person can act on: it is printed as one sentence, without a stack, and the command ends with 1. */
export class Trouble extends Error {
  override name = 'Trouble'
}

export function errorCode(error: unknown) {
  return error instanceof Error && 'code' in error ? String(error.code) : ''
}

export function reason(error: unknown) {
  return error instanceof Error ? error.message : String(error)
}
