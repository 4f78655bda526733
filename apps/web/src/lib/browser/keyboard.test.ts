import { afterEach, expect, test, vi } from 'vitest'
import { mayHaveKeyboard } from './keyboard.ts'

afterEach(() => vi.unstubAllGlobals())

test('keys are hinted at where there is a mouse, and not where there is a finger only', () => {
  const withPointers = (pointers: string) =>
    vi.stubGlobal('matchMedia', (query: string) => ({ matches: query === pointers }))
  withPointers('(pointer: coarse) and (hover: none)')
  expect(mayHaveKeyboard()).toBe(false)
  withPointers('(pointer: fine) and (hover: hover)')
  expect(mayHaveKeyboard()).toBe(true)
})
