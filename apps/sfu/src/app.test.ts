import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { afterEach, expect, test } from 'vitest'
import { createApp } from './app.ts'
import { readEnv } from './env.ts'

const http = createApp()
afterEach(() => http.close())

test('the node answers whether it lives, is ready, and its figures', async () => {
  const [live, ready, metrics] = await Promise.all(['/livez', '/readyz', '/metrics'].map((url) => http.inject(url)))
  expect([live!.json(), ready!.json()]).toEqual([{ live: true }, { ready: true }])
  expect(metrics!.body).toContain('veche_sfu_process_cpu_seconds_total')
})

test('all wrong settings are named at once', () => {
  expect(() => readEnv({ SFU_PORT: 'many', LOG_LEVEL: 'loud' })).toThrow(/SFU_PORT[^]*LOG_LEVEL/)
})

test('a setting that is empty counts as not set', () => {
  expect(readEnv({ SFU_PORT: '' }).SFU_PORT).toBe(8090)
})

test('SIGTERM ends the node in good order', async () => {
  const main = new URL('./main.ts', import.meta.url).pathname
  const child = spawn(process.execPath, [main], { env: { ...process.env, SFU_PORT: '0', LOG_LEVEL: 'info' } })
  const lines = createInterface({ input: child.stdout })
  await once(lines, 'line')
  child.kill('SIGTERM')
  expect(await once(child, 'exit')).toEqual([0, null])
})
