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

test('a part of a message is as loud as it is on the whole: one click in a silence is no loud part', () => {
  const calm = Array<number>(100).fill(60)
  const click = Array.from({ length: 100 }, (_, index) => (index === 50 ? 100 : 0))
  const decoded = decodeWaveform(
    encodeWaveform([...Array<number[]>(50).fill(calm), ...Array<number[]>(50).fill(click)].flat()),
  )
  expect([decoded[0], decoded.at(-1)]).toEqual([255, Math.round((10 / 60) * 255)])
})

test('a quiet voice is as high as a loud one, and silence stays silence', () => {
  expect(decodeWaveform(encodeWaveform([5, 10]))).toEqual(decodeWaveform(encodeWaveform([100, 200])))
  expect(decodeWaveform(encodeWaveform([0, 0.4, 0.9]))).toEqual([0, 0, 0])
})

test('a waveform that is none is empty', () => {
  expect(decodeWaveform('***')).toEqual([])
  expect(decodeWaveform(null)).toEqual([])
})
