import { expect, test } from 'vitest'
import { ownAddresses } from './own-addresses.ts'

const v4 = (address: string, internal = false) => ({ address, family: 'IPv4', internal })

test('the addresses of a machine are those of its networks, and not those between its containers', () => {
  const interfaces = {
    lo: [v4('127.0.0.1', true)],
    eth0: [v4('192.0.2.7'), { address: '2001:db8::7', family: 'IPv6', internal: false }],
    br0: [v4('192.168.1.7')],
    tailscale0: [v4('100.64.0.7')],
    docker0: [v4('172.17.0.1')],
    'br-0123456789ab': [v4('172.18.0.1')],
    virbr0: [v4('192.168.122.1')],
    podman0: [v4('10.88.0.1')],
  }
  expect(ownAddresses(interfaces)).toEqual(['192.0.2.7', '192.168.1.7', '100.64.0.7'])
})

test('a machine that has nothing else is reached over a network of containers', () => {
  expect(ownAddresses({ lo: [v4('127.0.0.1', true)], docker0: [v4('172.17.0.1')] })).toEqual(['172.17.0.1'])
  expect(ownAddresses({ lo: [v4('127.0.0.1', true)] })).toEqual([])
})
