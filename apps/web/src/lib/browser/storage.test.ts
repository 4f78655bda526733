import { afterEach, expect, test, vi } from 'vitest'
import { readStored, writeStored } from './storage.ts'

afterEach(() => vi.unstubAllGlobals())

test('a stored value is read again', () => {
  const values = new Map<string, string>()
  vi.stubGlobal('localStorage', {
    getItem: (key: string) => values.get(key) ?? null,
    setItem: (key: string, value: string) => values.set(key, value),
  })
  writeStored('veche.theme', 'dark')
  expect([readStored('veche.theme'), readStored('veche.contrast')]).toEqual(['dark', null])
})

test('a browser that refuses its storage reads as empty and writes nothing', () => {
  const refuse = () => {
    throw new DOMException('refused', 'SecurityError')
  }
  vi.stubGlobal('localStorage', { getItem: refuse, setItem: refuse })
  writeStored('veche.theme', 'dark')
  expect(readStored('veche.theme')).toBeNull()
})
