import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { expect, test } from 'vitest'
import { createApp } from './app.ts'
import { readEnv } from './env.ts'
import { Node } from './Node.ts'
import { newDeps, newHouse } from './test/TestNode.ts'

const key = 'ab'.repeat(32)

test('the node lives, is ready when it has heard of the API, and tells its figures', async () => {
  const house = await newHouse()
  const base = `http://127.0.0.1:${house.ports.signalling}`
  const [live, ready, metrics] = await Promise.all(['/livez', '/readyz', '/metrics'].map((path) => fetch(base + path)))
  expect(await live!.json()).toEqual({ live: true })
  expect(await ready!.json()).toMatchObject({ ready: true, workers: 1, heartbeatAge: expect.any(Number) })
  const figures = await metrics!.text()
  for (const name of [
    'process_cpu_seconds_total',
    'worker_load',
    'rooms',
    'join_seconds',
    'media_bytes_total',
    'score',
  ])
    expect(figures).toContain(`veche_sfu_${name}`)
  await house.close()
})

test('its figures are for this machine, or for whoever has the token', async () => {
  const [open, closed] = [newDeps(), newDeps({ METRICS_TOKEN: 'a token of figures' })]
  const node = await Node.start(open)
  const ask = async (deps: typeof open, headers: Record<string, string>) =>
    (await createApp(deps, node).inject({ url: '/metrics', headers })).statusCode
  expect(await ask(open, {})).toBe(200)
  expect(await ask(open, { 'x-forwarded-for': '203.0.113.7' })).toBe(404)
  expect(await ask(closed, {})).toBe(404)
  expect(await ask(closed, { authorization: 'Bearer a token of figures' })).toBe(200)
  node.close()
})

test('a node that has not heard of the API is not ready: no ticket would be good', async () => {
  const deps = newDeps()
  const node = await Node.start(deps)
  const answer = await createApp(deps, node).inject('/readyz')
  expect([answer.statusCode, answer.json()]).toMatchObject([503, { ready: false, heartbeatAge: null }])
  node.close()
})

test('all wrong settings are named at once', () => {
  expect(() => readEnv({ SFU_KEY: 'short', SFU_PORT: 'many', API_CONTROL_URL: 'http://a', LOG_LEVEL: 'loud' })).toThrow(
    /SFU_KEY[^]*SFU_PORT[^]*API_CONTROL_URL[^]*LOG_LEVEL/,
  )
})

test('a setting that is empty counts as not set', () => {
  expect(readEnv({ SFU_KEY: key, SFU_PORT: '' }).SFU_PORT).toBe(8090)
})

test('SIGTERM ends the node in good order', async () => {
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
