import { expect, test } from 'vitest'
import { SpeechDetector } from './SpeechDetector.ts'

const TICK_MS = 100

test('a spoken word is speech, and a short click is not', () => {
  expect(speaking(loud(5))).toBe(true)
  expect(speaking(loud(2), quiet(10))).toBe(false)
})

test('a short pause between words does not end speech, and a long pause does', () => {
  expect(speaking(loud(10), quiet(20))).toBe(true)
  expect(speaking(loud(10), quiet(26))).toBe(false)
})

const loud = (ticks: number) => Array<number>(ticks).fill(0.5)
const quiet = (ticks: number) => Array<number>(ticks).fill(0.01)

function speaking(...levels: number[][]): boolean {
  const detector = new SpeechDetector()
  levels.flat().forEach((level, index) => detector.update(level, index * TICK_MS))
  return detector.speaking
}
