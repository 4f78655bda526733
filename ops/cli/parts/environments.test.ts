import { expect, onTestFinished, test, vi } from 'vitest'
import { settings as api } from '../../../apps/api/src/env.ts'
import { settings as sfu } from '../../../apps/sfu/src/env.ts'
import { readSettings } from '../env.ts'
import { apiEnvironment, nodeEnvironment } from './environments.ts'
import { nodeKey, turnSecret } from './keys.ts'
import { nodeAddresses } from './node-addresses.ts'

const secret = 'x'.repeat(40)

function wiring(env: NodeJS.ProcessEnv) {
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value)
  onTestFinished(() => void vi.unstubAllEnvs())
  const settings = readSettings(env)
  const urls = { databaseUrl: 'postgres://one', redisUrl: '/redis', turnUrls: 'turn:10.0.0.1:3478?transport=udp' }
  return {
    wiring: { settings, folder: '/data', secret, mediaWorker: '/worker', ...urls },
    nodes: nodeAddresses(settings, 2),
  }
}

const known = (shape: object) => Object.keys(shape)
const told = (env: NodeJS.ProcessEnv) => Object.keys(env).filter((name) => env[name] !== undefined)

test('a media node gets each of its settings, and none that only the API may know', () => {
  const all = Object.fromEntries([...known(api.shape), 'VECHE_OTHER'].map((name) => [name, `told-${name}`]))
  const ports = Object.fromEntries(
    Object.keys(all)
      .filter((name) => /PORT$/.test(name))
      .map((name, at) => [name, String(9000 + at)]),
  )
  const ofNodes = { ANNOUNCED_ADDRESS: '203.0.113.7', SFU_FULL_LOAD: '0.5', SFU_WORKER_MEMORY: '1024' }
  const given = { ...all, ...ports, PUBLIC_URL: 'https://chat.example.org', ...ofNodes }
  const { wiring: one, nodes } = wiring(given)
  const env = nodeEnvironment(one, nodes[1]!)
  const names = told(env)
  // A node with an address of its own is the only one on its machine.
  expect(names).toEqual(expect.arrayContaining(known(sfu.shape).filter((name) => name !== 'SFU_URL')))
  expect(names.filter((name) => name in api.shape && !(name in sfu.shape))).toEqual([])
  expect(Object.values(env).join()).not.toMatch(/told-(VECHE|DATABASE|REDIS|SMTP|TURN)/)
  // One token opens the metrics of every part.
  expect(env).toMatchObject({ METRICS_TOKEN: 'told-METRICS_TOKEN' })
  expect(env).toMatchObject({ SFU_NODE: 'sfu-1', SFU_KEY: nodeKey(secret, 'sfu-1'), MEDIA_PORT: '40016' })
})

test('the environments let nodes and API find each other, and browsers the TURN server', () => {
  const { wiring: one, nodes } = wiring({ CONTROL_HOST: '0.0.0.0', CONTROL_PORT: '9500' })
  expect(nodeEnvironment(one, nodes[0]!)).toMatchObject({ API_CONTROL_URL: 'https://127.0.0.1:9500' })
  expect(apiEnvironment(one)).toMatchObject({
    CONTROL_HOST: '0.0.0.0',
    CONTROL_PORT: '9500',
    TURN_URLS: 'turn:10.0.0.1:3478?transport=udp',
    TURN_SECRET: turnSecret(secret),
  })
})

test('an external TURN server is used as it is set', () => {
  const turn = { TURN_URLS: 'turns:turn.example.org:443', TURN_SECRET: 'a secret that both know' }
  expect(apiEnvironment(wiring(turn).wiring)).toMatchObject(turn)
})
