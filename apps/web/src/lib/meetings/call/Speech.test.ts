import { expect, test } from 'vitest'
import { Speech } from './Speech.ts'

const TICK = 100

test('a word is speech, a click is not', () => {
  expect(hear(loud(5))).toBe(true)
  expect(hear(loud(2), quiet(10))).toBe(false)
})

test('short pauses between words do not end it, a long one does', () => {
  expect(hear(loud(10), quiet(20))).toBe(true)
  expect(hear(loud(10), quiet(26))).toBe(false)
})

const loud = (ticks: number) => Array<number>(ticks).fill(0.5)
const quiet = (ticks: number) => Array<number>(ticks).fill(0.01)

function hear(...levels: number[][]): boolean {
  const speech = new Speech()
  levels.flat().forEach((level, index) => speech.hear(level, index * TICK))
  return speech.speaks
}
