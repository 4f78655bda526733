import { limits } from '@veche/shared/limits'
import { expect, test } from 'vitest'
import { decodeWaveform, encodeWaveform, resample } from './waveform.ts'

test('a part is as loud as its loudest moment', () => {
  expect(resample([0, 9, 1, 2, 3, 200], 3)).toEqual([9, 2, 200])
  expect(resample([5, 7], 4)).toEqual([5, 5, 7, 7])
  expect(resample([], 4)).toEqual([])
})

test('a waveform holds so many parts as a message may bring, and the loudest is at the top', () => {
  const levels = Array.from({ length: 36_000 }, (_, index) => index % 90)
  const decoded = decodeWaveform(encodeWaveform(levels))
  expect(decoded).toHaveLength(limits.file.waveform)
  expect(Math.max(...decoded)).toBe(255)
})

test('silence is not made louder', () => {
  expect(Math.max(...decodeWaveform(encodeWaveform([1, 2, 3, 2])))).toBeLessThan(20)
})

test('a waveform that is none is empty', () => {
  expect(decodeWaveform('***')).toEqual([])
  expect(decodeWaveform(null)).toEqual([])
})
