import { expect, test } from 'vitest'
import { nodeKey, turnSecret } from './keys.ts'

test('each media node has its own key, the same at every start', () => {
  const secret = 'x'.repeat(40)
  expect(nodeKey(secret, 'sfu-0')).toMatch(/^[0-9a-f]{64}$/)
  expect(nodeKey(secret, 'sfu-0')).toBe(nodeKey(secret, 'sfu-0'))
  const all = [nodeKey(secret, 'sfu-0'), nodeKey(secret, 'sfu-1'), nodeKey('y'.repeat(40), 'sfu-0'), turnSecret(secret)]
  expect(new Set(all).size).toBe(all.length)
})
