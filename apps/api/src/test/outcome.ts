import { TRPCError } from '@trpc/server'
import type { ErrorCode } from '@veche/shared/errors'
import { ZodError } from 'zod'
import { toAppError } from '../errors.ts'

export type Outcome = 'ok' | ErrorCode

/** What the client is told: the code of the error, or `ok`. */
export async function outcomeOf(call: Promise<unknown>): Promise<Outcome> {
  try {
    await call
    return 'ok'
  } catch (error) {
    const cause = error instanceof TRPCError ? error.cause : error
    if (cause instanceof ZodError) return 'input.invalid'
    return toAppError(cause)?.code ?? 'server.error'
  }
}
