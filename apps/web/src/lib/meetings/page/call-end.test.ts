import type { MeetingId, UserId } from '@veche/shared/ids'
import { expect, test } from 'vitest'
import { callEndKind, isOverForAll } from './call-end.ts'

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

test('a person who leaves last reads that the call has ended, and not that they left', () => {
  expect(callEndKind('left', false, true)).toBe('ended')
  expect(callEndKind('left', false, false)).toBe('left')
  expect(callEndKind('taken_over', false, true)).toBe('taken')
})

test('a person whose seat was taken because they left the chat is not told that somebody removed them', () => {
  expect(callEndKind('removed', true)).toBe('leftChat')
  expect(callEndKind('removed', false)).toBe('removed')
  expect(callEndKind('chat.not_found', false)).toBe('removed')
})
