import { networkInterfaces } from 'node:os'
import { expect, test } from 'vitest'
import { readSettings } from './env.ts'
import { turnFor } from './turn-place.ts'

const secret = 'x'.repeat(40)
const place = (env: NodeJS.ProcessEnv) => turnFor(readSettings(env), secret, '/nowhere')

test('people call it by the address that the world knows, and it relays by that of the machine', async () => {
  const { place: found, options } = await place({
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

test('without another address it is called by one that others on the network reach', async () => {
  const { place: found } = await place({})
  const own = Object.values(networkInterfaces()).flatMap((list) => (list ?? []).map(({ address }) => address))
  expect(own).toContain(found.address)
  expect(found.urls).toContain(`turn:${found.address}:3478`)
})

test('loopback is spoken to only where nobody comes from elsewhere', async () => {
  const here = await place({ MEDIA_HOST: '127.0.0.1' })
  expect(here.options.peers).toEqual(['127.0.0.1'])
  const open = await place({ MEDIA_HOST: '127.0.0.1', PUBLIC_URL: 'https://chat.example.org' })
  expect(open.options.peers).toEqual([])
})
