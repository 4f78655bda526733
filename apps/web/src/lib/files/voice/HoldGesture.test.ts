import { expect, test } from 'vitest'
import { HoldGesture } from './HoldGesture.ts'

const held = () => new HoldGesture({ x: 300, y: 700 }, 1_000)

test('a finger that is released after a while sends, and a short press locks', () => {
  expect(held().release(3_000)).toBe('send')
  expect(held().release(1_200)).toBe('lock')
})

test('sliding to the left cancels, and sliding up locks', () => {
  expect(held().move({ x: 180, y: 690 })).toBe('cancel')
  expect(held().move({ x: 290, y: 620 })).toBe('lock')
  expect(held().move({ x: 260, y: 690 })).toBeNull()
})

test('in a language that is written from the right, sliding to the right cancels', () => {
  expect(held().move({ x: 420, y: 690 }, 1)).toBe('cancel')
  expect(held().move({ x: 180, y: 690 }, 1)).toBeNull()
})

test('how far it has come is shown, and only of the way that it goes further', () => {
  const gesture = held()
  gesture.move({ x: 245, y: 690 })
  expect([gesture.toCancel, gesture.toLock]).toEqual([0.5, 0])
})
