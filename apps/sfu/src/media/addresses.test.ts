import { isIP } from 'node:net'
import { expect, test } from 'vitest'
import { ownAddresses, reachable } from './addresses.ts'

test('a host that listens everywhere is told by an address that leads to it', () => {
  expect(reachable('0.0.0.0', 8090)).toBe(`${ownAddresses()[0]}:8090`)
  expect(ownAddresses().every((address) => isIP(address) === 4)).toBe(true)
})

test('a host with a name or an address is told as it is, with brackets where they are needed', () => {
  expect(reachable('sfu-2.internal', 8090)).toBe('sfu-2.internal:8090')
  expect(reachable('::1', 8090)).toBe('[::1]:8090')
})
