import type { MeetingId, UserId } from '@veche/shared/ids'
import { expect, test } from 'vitest'
import { callEndKind, endsByLeaving, hasEnded } from './call-end.ts'

const [meetingId, later] = ['one', 'later'] as MeetingId[] as [MeetingId, MeetingId]
const [me, boris] = ['me', 'boris'] as UserId[] as [UserId, UserId]
const chat = { liveMeetingId: meetingId, meetingOnly: false }
const left = { meetingId, me, chat, news: undefined }

test('a call ends by leaving when nobody but the user is in the news of its meeting', () => {
  expect(endsByLeaving({ ...left, news: { meetingId, count: 1, userIds: [me] } })).toBe(true)
  expect(endsByLeaving({ ...left, news: { meetingId, count: 0, userIds: [] } })).toBe(true)
})

test('a call goes on while somebody else is in it, while nothing is known of it, and when it is a meeting by link', () => {
  expect(endsByLeaving({ ...left, news: { meetingId, count: 2, userIds: [me, boris] } })).toBe(false)
  expect(endsByLeaving({ ...left, news: { meetingId, count: 1, userIds: [boris] } })).toBe(false)
  expect(endsByLeaving(left)).toBe(false)
  expect(endsByLeaving({ ...left, news: { meetingId: later, count: 0, userIds: [] } })).toBe(false)
  const byLink = { ...left, chat: { ...chat, meetingOnly: true } }
  expect(endsByLeaving({ ...byLink, news: { meetingId, count: 0, userIds: [] } })).toBe(false)
})

test('a call has ended when its chat has no meeting any more, or another one', () => {
  expect(hasEnded({ meetingId, chat: { ...chat, liveMeetingId: null } })).toBe(true)
  expect(hasEnded({ meetingId, chat: { ...chat, liveMeetingId: later } })).toBe(true)
  expect(hasEnded({ meetingId, chat })).toBe(false)
  expect(hasEnded({ meetingId, chat: undefined })).toBe(false)
})

test('a person who leaves last, or whose call has ended elsewhere, reads that it has ended', () => {
  expect(callEndKind('left', { endsByLeaving: true })).toBe('ended')
  expect(callEndKind('left')).toBe('left')
  expect(callEndKind('taken_over', { endsByLeaving: true })).toBe('taken')
  expect(callEndKind('taken_over', { hasEnded: true })).toBe('ended')
})

test('a person whose seat was taken because they left the chat is not told that somebody removed them', () => {
  expect(callEndKind('removed', { hasLeftChat: true })).toBe('leftChat')
  expect(callEndKind('removed')).toBe('removed')
  expect(callEndKind('chat.not_found')).toBe('removed')
})
