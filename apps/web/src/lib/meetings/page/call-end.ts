import type { Call } from '../call/Call.svelte.ts'

type CallEndKind = 'left' | 'taken_over' | 'removed' | 'meeting_ended' | 'lost' | 'failed'

/** Several reasons mean the same to the user: the call ended with some of them, or could not begin because of the others. */
export function callEndKind(reason: Call['ended']): CallEndKind {
  switch (reason) {
    case null:
    case 'left':
      return 'left'
    case 'taken_over':
    case 'meeting.seat_taken':
      return 'taken_over'
    case 'removed':
    case 'chat.not_found':
      return 'removed'
    case 'meeting_ended':
    case 'meeting.ended':
      return 'meeting_ended'
    case 'moved':
    case 'lost':
    case 'stopping':
    case 'silent':
      return 'lost'
    default:
      return 'failed'
  }
}
