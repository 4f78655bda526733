import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { newTestApi } from './test/harness.ts'

test('a server that starts on plain http elsewhere than on localhost warns that nobody can sign in, and why', async () => {
  const testApi = await newTestApi()
  const { DATABASE_URL, REDIS_URL, VECHE_SECRET, VECHE_DATA } = testApi.env
  const settings = { DATABASE_URL, REDIS_URL, VECHE_SECRET, VECHE_DATA, LOG_LEVEL: 'warn' }
  const main = fileURLToPath(new URL('./main.ts', import.meta.url))
  const child = spawn(process.execPath, [main, '--role', 'worker'], {
    env: { ...settings, PUBLIC_URL: 'http://192.168.1.5:8080' },
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  const [line] = (await once(child.stdout, 'data')) as [Buffer]
  expect(line.toString()).toMatch(/192\.168\.1\.5.*nobody can sign in.*https/)
  child.kill('SIGTERM')
  const [code] = (await once(child, 'exit')) as [number]
  expect(code).toBe(0)
})
