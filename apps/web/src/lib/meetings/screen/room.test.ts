import type { SeatId } from '@veche/shared/ids'
import { newId } from '@veche/shared/ids'
import { describe, expect, test } from 'vitest'
import { Room } from './room.svelte.ts'

const somebody = newId<SeatId>()

describe('what is large', () => {
  test('is the shared screen as soon as there is one, and what it was before when there is none', () => {
    const room = new Room()
    room.choose('speaker')
    room.follow(true)
    expect(room.layout).toBe('screen')
    room.follow(false)
    expect(room.layout).toBe('speaker')
  })

  test('is not the screen for whoever turned away from it, until another one is shared', () => {
    const room = new Room()
    room.follow(true)
    room.choose('grid')
    expect(room.layout).toBe('grid')
    room.choose('screen')
    expect(room.layout).toBe('screen')
    room.choose('grid')
    room.follow(false)
    room.follow(true)
    expect(room.layout).toBe('screen')
  })

  test('is whoever was chosen, also beside a screen, and the screen or the grid when let go', () => {
    const room = new Room()
    room.follow(true)
    room.enlarge(somebody)
    expect(room.layout).toBe('speaker')
    room.choose('screen')
    expect([room.layout, room.large]).toEqual(['screen', null])
    room.enlarge(somebody)
    room.enlarge(null)
    expect(room.layout).toBe('grid')
  })
})

test('a panel that is asked for twice is closed, and the other one takes its place', () => {
  const room = new Room()
  room.toggle('chat')
  room.toggle('people')
  expect(room.panel).toBe('people')
  room.toggle('people')
  expect(room.panel).toBeNull()
})
