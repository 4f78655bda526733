import { expect, test } from 'vitest'
import { cameraAtStart } from './camera-at-start.ts'

const undecided = { summary: undefined, withoutCamera: false, isAsked: true }

test('a person who joins an audio call begins with the camera off, whichever button led there', () => {
  expect(cameraAtStart({ ...undecided, summary: { audio: true } })).toBe('off')
  expect(cameraAtStart({ ...undecided, summary: { audio: true }, withoutCamera: true })).toBe('off')
})

test('a person who joins or starts a video call begins with the camera on', () => {
  expect(cameraAtStart({ ...undecided, summary: { audio: false } })).toBe('on')
  expect(cameraAtStart({ ...undecided, summary: null })).toBe('on')
})

test('a person who came by the button for a call without video begins with the camera off, before anything is known of the meeting', () => {
  expect(cameraAtStart({ ...undecided, withoutCamera: true })).toBe('off')
  expect(cameraAtStart({ ...undecided, summary: { audio: false }, withoutCamera: true })).toBe('off')
})

test('the camera stays closed until the server has said whether the meeting is an audio call, unless it cannot be reached', () => {
  expect(cameraAtStart(undecided)).toBeNull()
  expect(cameraAtStart({ ...undecided, isAsked: false })).toBe('on')
})
