import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { newUser } from '../test/builders.ts'
import { callerFor, type TestApi, newTestApi } from '../test/harness.ts'
import { Observer } from '../test/Observer.ts'
import { freePort, mailServer } from '../test/mail/smtp.ts'
import { signUpUser } from '../test/http/browser.ts'
import type { Deps } from '../deps.ts'

async function partsOf(testApi: TestApi, deps: Deps) {
  const owner = await newUser(testApi.deps, { role: 'owner' })
  const { parts } = await callerFor(deps, owner).admin.connections()
  return Object.fromEntries(parts.map(({ name, state, detail }) => [name, { state, detail }]))
}

describe('connections', () => {
  test('the list of connections names each part of the server with its state', async () => {
    const testApi = await newTestApi()
    await expect.poll(() => testApi.deps.redis.status).toBe('ready')
    expect(await partsOf(testApi, testApi.deps)).toEqual({
      postgres: { state: 'ok', detail: expect.stringMatching(/^PostgreSQL \d/) },
      redis: { state: 'ok', detail: 'Hints arrive at once.' },
      mail: { state: 'ok', detail: expect.stringContaining('/dev/mail') },
      disk: { state: expect.stringMatching(/^(ok|degraded)$/), detail: expect.stringMatching(/^\d+\.\d GB free$/) },
    })
  })

  test('the list of connections says in words which part is away', async () => {
    const testApi = await newTestApi()
    const deps = testApi.anotherProcess({
      REDIS_URL: '/nonexistent/redis.sock',
      SMTP_URL: `smtp://127.0.0.1:${await freePort()}`,
      VECHE_DATA: join(testApi.env.VECHE_DATA, 'nowhere'),
    })
    expect(await partsOf(testApi, deps)).toMatchObject({
      postgres: { state: 'ok' },
      redis: { state: 'degraded', detail: expect.stringContaining('three seconds') },
      mail: { state: 'down', detail: expect.stringMatching(/^The mail server could not be reached\./) },
      disk: { state: 'down', detail: 'The data folder cannot be read.' },
    })
  })

  test('the list of connections names the mail server without its password', async () => {
    const testApi = await newTestApi()
    const server = await mailServer({ onAuth: (_auth, _session, callback) => callback(null, { user: 'user' }) })
    const { mail } = await partsOf(
      testApi,
      testApi.anotherProcess({ SMTP_URL: server.url.replace('//', '//user:mail-password@') }),
    )
    expect(mail).toEqual({ state: 'ok', detail: `127.0.0.1:${server.port}` })
  })

  test('the list of connections shows sessions with an open stream and sessions that another process served a moment ago', async () => {
    const testApi = await newTestApi()
    const owner = await newUser(testApi.deps, { role: 'owner' })
    const streaming = await newUser(testApi.deps, { name: 'Streaming' })
    await testApi.passTime(180_000)
    const recent = await signUpUser(testApi.deps)
    const observer = await Observer.open(testApi.deps, streaming)
    const { live } = await callerFor(testApi.deps, owner).admin.connections()
    const ids = live.map(({ sessionId }) => sessionId)
    expect(ids).toEqual(expect.arrayContaining([recent.me.sessionId, streaming.sessionId]))
    expect(ids).not.toContain(owner.sessionId)
    const shown = live.find(({ sessionId }) => sessionId === recent.me.sessionId)
    expect(shown).toMatchObject({ device: 'Firefox on Linux', ip: recent.ip, user: { id: recent.userId } })
    observer.close()
  })

  test('the list of connections counts the processes of the installation', async () => {
    const testApi = await newTestApi()
    testApi.anotherProcess()
    const api = callerFor(testApi.deps, await newUser(testApi.deps, { role: 'admin' }))
    await expect.poll(async () => (await api.admin.connections()).nodes).toBe(2)
  })
})
