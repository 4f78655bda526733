import { expect, test } from 'vitest'
import { cameraAtStart } from './camera-at-start.ts'

const undecided: Parameters<typeof cameraAtStart>[0] = { summary: undefined, askedFor: null, isAsked: true }

test('a person who joins an audio call by its link, its banner or the button for a call begins with the camera off', () => {
  expect(cameraAtStart({ ...undecided, summary: { audio: true } })).toBe('off')
  expect(cameraAtStart({ ...undecided, summary: { audio: true }, askedFor: 'audio' })).toBe('off')
})

test('a person who joins or starts a video call begins with the camera on', () => {
  expect(cameraAtStart({ ...undecided, summary: { audio: false } })).toBe('on')
  expect(cameraAtStart({ ...undecided, summary: null })).toBe('on')
})

test('a person who came by the button for a video call begins with the camera on, although an audio call goes on', () => {
  expect(cameraAtStart({ ...undecided, askedFor: 'video' })).toBe('on')
  expect(cameraAtStart({ ...undecided, summary: { audio: true }, askedFor: 'video' })).toBe('on')
})

test('a person who came by the button for a call without video begins with the camera off, before anything is known of the meeting', () => {
  expect(cameraAtStart({ ...undecided, askedFor: 'audio' })).toBe('off')
  expect(cameraAtStart({ ...undecided, summary: { audio: false }, askedFor: 'audio' })).toBe('off')
})

test('the camera stays closed until the server has said whether the meeting is an audio call, unless it cannot be reached', () => {
  expect(cameraAtStart(undecided)).toBeNull()
  expect(cameraAtStart({ ...undecided, isAsked: false })).toBe('on')
})
