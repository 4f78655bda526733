import { networkInterfaces } from 'node:os'
import { expect, test } from 'vitest'
import { readSettings } from '../env.ts'
import { turnOptions } from './turn-options.ts'

const secret = 'x'.repeat(40)
const address = (env: NodeJS.ProcessEnv) => turnOptions(readSettings(env), secret, '/nowhere')

test('browsers get the announced address of the TURN server, and it relays from the address of the machine', async () => {
  const { address: found, options } = await address({
    MEDIA_HOST: '10.1.2.3',
    ANNOUNCED_ADDRESS: '203.0.113.7',
    TURN_PORT: '3500',
  })
  expect(found.urls).toBe('turn:203.0.113.7:3500?transport=udp,turn:203.0.113.7:3500?transport=tcp')
  expect(options).toMatchObject({
    address: '10.1.2.3',
    publicAddress: '203.0.113.7',
    peers: ['10.1.2.3', '203.0.113.7'],
  })
})

test('without an announced address, browsers get an address of the TURN server that the network can reach', async () => {
  const { address: found } = await address({})
  const own = Object.values(networkInterfaces()).flatMap((list) => (list ?? []).map(({ address }) => address))
  expect(own).toContain(found.address)
  expect(found.urls).toContain(`turn:${found.address}:3478`)
})

test('the TURN server relays to loopback only when the installation is used from this machine only', async () => {
  const here = await address({ MEDIA_HOST: '127.0.0.1' })
  expect(here.options.peers).toEqual(['127.0.0.1'])
  const open = await address({ MEDIA_HOST: '127.0.0.1', PUBLIC_URL: 'https://chat.example.org' })
  expect(open.options.peers).toEqual([])
})
