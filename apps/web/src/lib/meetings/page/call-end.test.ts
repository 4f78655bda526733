import type { ChatId, MeetingId, UserId } from '@veche/shared/ids'
import { expect, test } from 'vitest'
import type { Chat } from '#lib/chats/chat.ts'
import { callEndKind, chatStateAfterCall, isOverForAll } from './call-end.ts'

const [meetingId, later] = ['one', 'later'] as MeetingId[] as [MeetingId, MeetingId]
const [me, boris] = ['me', 'boris'] as UserId[] as [UserId, UserId]
const left = { meetingId, me, liveMeetingId: meetingId, news: undefined }

test('a call is over for all when nobody but the user who has left it is in the news of its meeting', () => {
  expect(isOverForAll({ ...left, news: { meetingId, count: 1, userIds: [me] } })).toBe(true)
  expect(isOverForAll({ ...left, news: { meetingId, count: 0, userIds: [] } })).toBe(true)
})

test('a call goes on while somebody else is in it, or while nothing is known of its meeting', () => {
  expect(isOverForAll({ ...left, news: { meetingId, count: 2, userIds: [me, boris] } })).toBe(false)
  expect(isOverForAll({ ...left, news: { meetingId, count: 1, userIds: [boris] } })).toBe(false)
  expect(isOverForAll(left)).toBe(false)
  expect(isOverForAll({ ...left, liveMeetingId: undefined })).toBe(false)
  expect(isOverForAll({ ...left, news: { meetingId: later, count: 0, userIds: [] } })).toBe(false)
})

test('a call is over for all when its chat has no meeting any more, or another one', () => {
  const news = { meetingId, count: 1, userIds: [boris] }
  expect(isOverForAll({ ...left, liveMeetingId: null, news })).toBe(true)
  expect(isOverForAll({ ...left, liveMeetingId: later, news })).toBe(true)
})

test('a person who hangs up last reads that the call has ended, and not that they left', () => {
  expect(callEndKind('left', 'held', true)).toBe('meeting_ended')
  expect(callEndKind('left', 'held', false)).toBe('left')
  expect(callEndKind('taken_over', 'held', true)).toBe('taken_over')
})

test('a person whose seat was taken reads whether they left its chat, or were removed from it, as soon as it is known', () => {
  expect(callEndKind('removed', 'held')).toBe('removed')
  expect(callEndKind('removed', 'left')).toBe('left_chat')
  expect(callEndKind('chat.not_found', 'removed')).toBe('removed_from_chat')
})

test('a chat that is gone was left, unless somebody else took the user out of it', () => {
  const id = 'chat' as ChatId
  const gone = { get: () => undefined, removedFrom: new Set<ChatId>() }
  expect(chatStateAfterCall({ ...gone, get: () => ({ id }) as Chat }, id)).toBe('held')
  expect(chatStateAfterCall(gone, id)).toBe('left')
  expect(chatStateAfterCall({ ...gone, removedFrom: new Set([id]) }, id)).toBe('removed')
})
