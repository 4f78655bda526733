import { expect, test } from 'vitest'
import { SilentSockets } from './SilentSockets.ts'

function newSockets(limits: { total: number; perAddress: number }) {
  const sockets = new SilentSockets(limits)
  const cut: string[] = []
  return { sockets, cut, add: (ip: string, name: string) => sockets.add(ip, () => cut.push(name)) }
}

test('when there are too many silent sockets, the oldest of the busiest address is cut', () => {
  const { add, cut, sockets } = newSockets({ total: 4, perAddress: 10 })
  add('198.51.100.1', 'a1')
  for (const name of ['b1', 'b2', 'b3']) add('198.51.100.2', name)
  add('198.51.100.3', 'c1')
  expect(cut).toEqual(['b1'])
  add('198.51.100.2', 'b4')
  expect(cut).toEqual(['b1', 'b2'])
  expect(sockets.count).toBe(4)
})

test('an address with too many silent sockets loses its own oldest, and an IPv6 network of 64 bits is one address', () => {
  const { add, cut } = newSockets({ total: 10, perAddress: 2 })
  add('2001:db8::1', 'first')
  add('2001:db8::2', 'second')
  add('2001:db8:0:1::1', 'another network')
  add('2001:db8::3', 'third')
  expect(cut).toEqual(['first'])
})

test('a socket that is no longer silent is neither counted nor cut', () => {
  const { add, cut, sockets } = newSockets({ total: 2, perAddress: 2 })
  const stopWaiting = add('198.51.100.1', 'first')
  stopWaiting()
  stopWaiting()
  add('198.51.100.1', 'second')
  add('198.51.100.1', 'third')
  expect([cut, sockets.count]).toEqual([[], 2])
})
