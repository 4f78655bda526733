import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createApp } from './app.ts'
import { readEnv } from './env.ts'
import { Node } from './Node.ts'
import { newDeps, newTestNode } from './test/TestNode.ts'

const key = 'ab'.repeat(32)

// No API answers this node.
const deps = newDeps()
let node: Node
beforeAll(async () => {
  node = await Node.start(deps)
})
afterAll(() => node.close())

test('the node serves livez, readyz and metrics after its first heartbeat', async () => {
  const testNode = await newTestNode()
  const base = `http://127.0.0.1:${testNode.ports.signalling}`
  const [live, ready, metrics] = await Promise.all(['/livez', '/readyz', '/metrics'].map((path) => fetch(base + path)))
  expect(await live!.json()).toEqual({ live: true })
  expect(await ready!.json()).toMatchObject({ ready: true, workers: 1, heartbeatAge: expect.any(Number) })
  const text = await metrics!.text()
  const names = ['process_cpu_seconds_total', 'worker_load', 'rooms', 'join_seconds', 'media_bytes_total', 'score']
  for (const name of names) expect(text).toContain(`veche_sfu_${name}`)
  await testNode.close()
})

test('metrics are only served to this machine, or to a caller with the token', async () => {
  const withToken = newDeps({ METRICS_TOKEN: 'a token for metrics' })
  const status = async (some: typeof deps, headers: Record<string, string>) =>
    (await createApp(some, node).inject({ url: '/metrics', headers })).statusCode
  expect(await status(deps, {})).toBe(200)
  expect(await status(deps, { 'x-forwarded-for': '203.0.113.7' })).toBe(404)
  expect(await status(withToken, {})).toBe(404)
  expect(await status(withToken, { authorization: 'Bearer a token for metrics' })).toBe(200)
})

test('a node without an answer of the API is not ready, because it would refuse every ticket', async () => {
  const answer = await createApp(deps, node).inject('/readyz')
  expect([answer.statusCode, answer.json()]).toMatchObject([503, { ready: false, heartbeatAge: null }])
})

test('an error about settings names every wrong setting', () => {
  expect(() => readEnv({ SFU_KEY: 'short', SFU_PORT: 'many', API_CONTROL_URL: 'http://a', LOG_LEVEL: 'loud' })).toThrow(
    /SFU_KEY[^]*SFU_PORT[^]*API_CONTROL_URL[^]*LOG_LEVEL/,
  )
})

test('an empty setting counts as not set', () => {
  expect(readEnv({ SFU_KEY: key, SFU_PORT: '' }).SFU_PORT).toBe(8090)
})

test('SIGTERM stops the node with exit code 0', async () => {
  const main = new URL('./main.ts', import.meta.url).pathname
  const settings = {
    SFU_KEY: key,
    SFU_PORT: '0',
    MEDIA_HOST: '127.0.0.1',
    MEDIA_PORT: '0',
    SFU_WORKERS: '1',
    LOG_LEVEL: 'info',
  }
  const child = spawn(process.execPath, [main], { env: { ...process.env, ...settings } })
  const lines = createInterface({ input: child.stdout })
  for await (const line of lines) if (line.includes('"started"')) break
  child.kill('SIGTERM')
  expect(await once(child, 'exit')).toEqual([0, null])
})
