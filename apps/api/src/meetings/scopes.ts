import { fail } from '../errors.ts'

/** A scope that is not there is a meeting that is not there. */
export function orNoSuchMeeting(error: unknown): never {
  if (error instanceof Error && error.message === 'scope.not_found') fail('meeting.not_found')
  throw error
}
