import { isIP } from 'node:net'
import { expect, test } from 'vitest'
import { nodeAddresses, reachable } from './addresses.ts'

test('a server that listens on all addresses is announced with an address of this machine', () => {
  expect(reachable('0.0.0.0', 8090)).toBe(`${nodeAddresses()[0]}:8090`)
  expect(nodeAddresses().every((address) => isIP(address) === 4)).toBe(true)
})

test('a server with a host name or an address is announced with it, in brackets for IPv6', () => {
  expect(reachable('sfu-2.internal', 8090)).toBe('sfu-2.internal:8090')
  expect(reachable('::1', 8090)).toBe('[::1]:8090')
})
