import type { ChatId, MeetingId, UserId } from '@veche/shared/ids'
import type { Chats } from '#lib/chats/chats.svelte.ts'
import type { Call } from '../call/Call.svelte.ts'

/** The keys of the titles in `callWords`. */
export const endTitles = {
  left: 'leftTitle',
  taken_over: 'takenTitle',
  left_chat: 'leftChatTitle',
  removed: 'removedTitle',
  removed_from_chat: 'removedTitle',
  meeting_ended: 'endedTitle',
  lost: 'lostTitle',
  failed: 'failedTitle',
} as const

export type CallEndKind = keyof typeof endTitles

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

/** What the user has to do with the chat of a call. */
type ChatState = 'held' | 'left' | 'removed'

export function chatStateAfterCall(chats: Pick<Chats, 'get' | 'removedFrom'>, id: ChatId): ChatState {
  if (chats.get(id)) return 'held'
  return chats.removedFrom.has(id) ? 'removed' : 'left'
}

/** The reasons, by what they mean to the user. `isOver`: nobody else is in the meeting, so a user who left reads that it has ended. */
export function callEndKind(reason: Call['ended'], chat: ChatState, isOver = false): CallEndKind {
  switch (reason) {
    case null:
    case 'left':
      return isOver ? 'meeting_ended' : 'left'
    case 'taken_over':
    case 'meeting.seat_taken':
      return 'taken_over'
    case 'removed':
    case 'chat.not_found':
      return ({ held: 'removed', left: 'left_chat', removed: 'removed_from_chat' } as const)[chat]
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
