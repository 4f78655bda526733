import type { SeatId } from '@veche/shared/ids'
import { newId } from '@veche/shared/ids'
import { expect, test } from 'vitest'
import { CallLayout } from './CallLayout.svelte.ts'

const seatId = newId<SeatId>()

test('a shared screen is put in front, and the layout before it comes back when sharing ends', () => {
  const layout = new CallLayout()
  layout.choose('speaker')
  layout.setScreens([seatId])
  expect(layout.kind).toBe('screen')
  layout.setScreens([])
  expect(layout.kind).toBe('speaker')
})

test('a user who chose another layout than the shared screen keeps it until a screen is shared anew', () => {
  const layout = new CallLayout()
  layout.setScreens([seatId])
  layout.choose('grid')
  expect(layout.kind).toBe('grid')
  layout.choose('screen')
  expect(layout.kind).toBe('screen')
  layout.choose('grid')
  layout.setScreens([])
  layout.setScreens([seatId])
  expect(layout.kind).toBe('screen')
})

test('of several shared screens the last one is in front until the user goes to the next one or its owner stops', () => {
  const layout = new CallLayout()
  const [first, second, third] = [newId<SeatId>(), newId<SeatId>(), newId<SeatId>()]
  layout.setScreens([first])
  expect([layout.frontScreen, layout.severalScreens]).toEqual([first, false])
  // The order of the participants is not that in which they shared.
  layout.setScreens([second, first])
  expect([layout.frontScreen, layout.severalScreens]).toEqual([second, true])
  layout.showNextScreen()
  layout.setScreens([second, first])
  expect(layout.frontScreen).toBe(first)
  layout.showNextScreen()
  expect(layout.frontScreen).toBe(second)
  layout.choose('grid')
  layout.setScreens([third, second, first])
  expect([layout.frontScreen, layout.kind]).toEqual([third, 'grid'])
  layout.setScreens([second, first])
  expect(layout.frontScreen).toBe(second)
})

test('an enlarged participant is shown instead of the shared screen until the user chooses a layout or lets go', () => {
  const layout = new CallLayout()
  layout.setScreens([seatId])
  layout.enlarge(seatId)
  expect(layout.kind).toBe('speaker')
  layout.choose('screen')
  expect([layout.kind, layout.enlarged]).toEqual(['screen', null])
  layout.enlarge(seatId)
  layout.enlarge(null)
  expect(layout.kind).toBe('grid')
})

test('toggling the open side panel closes it, and toggling the other one replaces it', () => {
  const layout = new CallLayout()
  layout.togglePanel('chat')
  layout.togglePanel('people')
  expect(layout.panel).toBe('people')
  layout.togglePanel('people')
  expect(layout.panel).toBeNull()
})
