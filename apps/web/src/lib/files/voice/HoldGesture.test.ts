import { expect, test } from 'vitest'
import { HoldGesture } from './HoldGesture.ts'

const held = () => new HoldGesture({ x: 300, y: 700 }, 1_000)

test('a finger that is released sends when a second was recorded, and less than that is dropped', () => {
  expect(held().release(3_000, 1_000)).toBe('send')
  expect(held().release(1_300, 250)).toBe('short')
  expect(held().release(3_000, 900)).toBe('short')
})

test('a tap locks, whatever was recorded meanwhile; one that slides is none', () => {
  expect(held().release(1_060, 20)).toBe('lock')
  expect(held().release(1_299, 250)).toBe('lock')
  const trembling = held()
  trembling.move({ x: 308, y: 706 })
  expect(trembling.release(1_200, 100)).toBe('lock')
  const sliding = held()
  sliding.move({ x: 250, y: 700 })
  sliding.move({ x: 300, y: 700 })
  expect(sliding.release(1_200, 100)).toBe('short')
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
