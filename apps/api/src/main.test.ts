import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { newTestApi } from './test/harness.ts'
import { freePort } from './test/mail/smtp.ts'

test('a server that starts on plain http elsewhere than on localhost warns that nobody can sign in, and why', async () => {
  const testApi = await newTestApi()
  const { DATABASE_URL, REDIS_URL, VECHE_SECRET, VECHE_DATA } = testApi.env
  const settings = { DATABASE_URL, REDIS_URL, VECHE_SECRET, VECHE_DATA, LOG_LEVEL: 'warn' }
  const main = fileURLToPath(new URL('./main.ts', import.meta.url))
  const child = spawn(process.execPath, [main, '--role', 'worker'], {
    env: { ...settings, PORT: '0', PUBLIC_URL: 'http://192.168.1.5:8080' },
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  const [line] = (await once(child.stdout, 'data')) as [Buffer]
  expect(line.toString()).toMatch(/192\.168\.1\.5.*nobody can sign in.*https/)
  child.kill('SIGTERM')
  const [code] = (await once(child, 'exit')) as [number]
  expect(code).toBe(0)
})

test('a worker tells about itself at a port of its own, and a worker that hangs says nothing', async () => {
  const testApi = await newTestApi()
  const { DATABASE_URL, REDIS_URL, REDIS_PREFIX, VECHE_SECRET, VECHE_DATA } = testApi.env
  const port = await freePort()
  const main = fileURLToPath(new URL('./main.ts', import.meta.url))
  const child = spawn(process.execPath, [main, '--role', 'worker'], {
    env: { DATABASE_URL, REDIS_URL, REDIS_PREFIX, VECHE_SECRET, VECHE_DATA, PORT: String(port), LOG_LEVEL: 'silent' },
    stdio: 'ignore',
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  const ask = (path: string, timeoutMs = 60_000) =>
    fetch(`http://127.0.0.1:${port}${path}`, { signal: AbortSignal.timeout(timeoutMs) }).then(
      ({ status }) => status,
      () => null,
    )
  await expect.poll(() => ask('/livez')).toBe(200)
  expect(await ask('/readyz')).toBe(200)
  expect(await ask('/metrics')).toBe(200)
  expect(await ask('/api/trpc/auth.me')).toBe(404)
  child.kill('SIGSTOP')
  expect(await ask('/livez', 1_000)).toBeNull()
  child.kill('SIGCONT')
  expect(await ask('/livez')).toBe(200)
})
