import { expect, test } from 'vitest'
import { readSettings } from '../env.ts'
import { nodeCount, nodeAddresses } from './node-addresses.ts'
import { portProblem, requireFreePorts, wantedPorts } from '../operate/ports.ts'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { newPorts } from '../../test/ports.ts'

const settings = (env: NodeJS.ProcessEnv = {}) => readSettings({ SFU_WORKERS: '2', ...env })
const wanted = (env: NodeJS.ProcessEnv, count = 1) => {
  const own = settings(env)
  return wantedPorts(own, nodeAddresses(own, count), true)
}

test('each media node has its own block of ports', () => {
  expect(nodeAddresses(settings(), 2)).toMatchObject([
    { name: 'sfu-0', port: 8090, controlPort: 8091, mediaPort: 40_000, workers: 2 },
    { name: 'sfu-1', port: 8106, controlPort: 8107, mediaPort: 40_016, workers: 2 },
  ])
  const [first, second] = nodeAddresses(settings({ SFU_WORKERS: '64' }), 2)
  expect(first!.mediaPort + first!.workers).toBeLessThanOrEqual(second!.mediaPort)
})

test('an impossible number of media nodes is refused', () => {
  for (const text of ['0', '-1', '9', '1.5', 'two', '']) expect(() => nodeCount(text)).toThrow('from 1 to 8')
  expect(nodeCount('2')).toBe(2)
})

test('SFU_URL cannot stand for two media nodes, and ports beyond 65535 are refused', () => {
  expect(() => nodeAddresses(settings({ SFU_URL: 'wss://one.example.org' }), 2)).toThrow('SFU_URL names one media node')
  expect(() => nodeAddresses(settings({ MEDIA_PORT: '65535' }), 1)).toThrow('MEDIA_PORT is too high')
})

test('two parts that want the same port are reported before anything starts', async () => {
  const { PORT, SFU_PORT, ...rest } = await newPorts()
  await expect(requireFreePorts(wanted({ ...rest, PORT, SFU_PORT: PORT }))).rejects.toThrow(
    `PORT and SFU_PORT both want port ${PORT}; they need two.`,
  )
  await expect(requireFreePorts(wanted({ ...rest, PORT, SFU_PORT, TURN_PORT: rest.MEDIA_PORT }))).rejects.toThrow(
    `MEDIA_PORT and TURN_PORT both want port ${rest.MEDIA_PORT}`,
  )
})

test('a port that another program uses over UDP only counts as taken', async () => {
  const ports = await newPorts()
  const socket = createSocket('udp4').bind(Number(ports.TURN_PORT), '127.0.0.1')
  await once(socket, 'listening')
  await expect(requireFreePorts(wanted(ports))).rejects.toThrow(
    `Port ${ports.TURN_PORT} is taken by another program; choose another with TURN_PORT=${Number(ports.TURN_PORT) + 1}.`,
  )
  await new Promise((resolve) => socket.close(() => resolve(undefined)))
  expect(await portProblem(Number(ports.TURN_PORT), '127.0.0.1', 'udp')).toBeUndefined()
  await requireFreePorts(wanted(ports))
})
