import type { MeetingId, UserId } from '@veche/shared/ids'
import type { ChatRow } from '@veche/shared/rows/rows'
import type { Call } from '../call/Call.svelte.ts'

/** What an end means to the user. `callWords` has a title and a text for each: `leftTitle`, `leftText`. */
export type CallEndKind = 'left' | 'leftChat' | 'taken' | 'removed' | 'ended' | 'lost' | 'failed'

type AfterCall = {
  meetingId: MeetingId
  me: UserId | null
  chat: Pick<ChatRow, 'liveMeetingId' | 'meetingOnly'> | undefined
  /** Who was in the meeting of the chat at the last news. */
  news: { meetingId: MeetingId; count: number; userIds: UserId[] } | undefined
}

/** The chat has no meeting any more, or another one. */
export function hasEnded({ meetingId, chat }: Pick<AfterCall, 'meetingId' | 'chat'>): boolean {
  return chat !== undefined && chat.liveMeetingId !== meetingId
}

/**
 * Whether the call ends because the user left it, which the server tells a moment later. The news may still count the user. A meeting by
 * link waits for those who come back.
 */
export function endsByLeaving({ meetingId, me, chat, news }: AfterCall): boolean {
  if (chat?.meetingOnly || news?.meetingId !== meetingId) return false
  return news.count === news.userIds.filter((id) => id === me).length
}

type Known = { hasLeftChat?: boolean; hasEnded?: boolean; endsByLeaving?: boolean }

/** The reasons, by what they mean to the user. `hasLeftChat`: the seat was taken because the user left the chat. */
export function callEndKind(reason: Call['ended'], known: Known = {}): CallEndKind {
  switch (reason) {
    case null:
    case 'left':
      return known.hasEnded || known.endsByLeaving ? 'ended' : 'left'
    case 'taken_over':
    case 'meeting.seat_taken':
      return known.hasEnded ? 'ended' : 'taken'
    case 'removed':
    case 'chat.not_found':
      return known.hasLeftChat ? 'leftChat' : 'removed'
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
