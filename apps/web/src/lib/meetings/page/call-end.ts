import type { MeetingId, UserId } from '@veche/shared/ids'
import type { Call } from '../call/Call.svelte.ts'

/** What an end means to the user. `callWords` has a title and a text for each: `leftTitle`, `leftText`. */
export type CallEndKind = 'left' | 'leftChat' | 'taken' | 'removed' | 'ended' | 'lost' | 'failed'

type AfterCall = {
  meetingId: MeetingId
  me: UserId | null
  /** The live meeting of the chat; undefined when this device does not hold the chat. */
  liveMeetingId: MeetingId | null | undefined
  /** Who was in the meeting of the chat at the last news. */
  news: { meetingId: MeetingId; count: number; userIds: UserId[] } | undefined
}

/** Whether nobody else is in the meeting that the user has left. The news may still count the user. */
export function isOverForAll({ meetingId, me, liveMeetingId, news }: AfterCall): boolean {
  if (liveMeetingId !== undefined && liveMeetingId !== meetingId) return true
  return news?.meetingId === meetingId && news.count === news.userIds.filter((id) => id === me).length
}

/**
 * The reasons, by what they mean to the user. `hasLeftChat`: the seat was taken because the user left the chat.
 * `isOver`: nobody else is in the meeting, so a user who left reads that it has ended.
 */
export function callEndKind(reason: Call['ended'], hasLeftChat: boolean, isOver = false): CallEndKind {
  switch (reason) {
    case null:
    case 'left':
      return isOver ? 'ended' : 'left'
    case 'taken_over':
    case 'meeting.seat_taken':
      return 'taken'
    case 'removed':
    case 'chat.not_found':
      return hasLeftChat ? 'leftChat' : 'removed'
    case 'meeting_ended':
    case 'meeting.ended':
      return 'ended'
    case 'moved':
    case 'lost':
    case 'stopping':
    case 'silent':
      return 'lost'
    default:
      return 'failed'
  }
}
