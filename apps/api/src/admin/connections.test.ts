import { join } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { newUser } from '../test/builders.ts'
import { callerFor, type TestApi, newTestApi } from '../test/harness.ts'
import { Observer } from '../test/Observer.ts'
import { freePort, mailServer } from '../test/smtp.ts'
import { signUpUser } from '../test/browser.ts'
import type { Deps } from '../deps.ts'

async function partsOf(testApi: TestApi, deps: Deps) {
  const owner = await newUser(testApi.deps, { role: 'owner' })
  const { parts } = await callerFor(deps, owner).admin.connections()
  return Object.fromEntries(parts.map(({ name, state, detail }) => [name, { state, detail }]))
}

describe('connections', () => {
  it('say what the server stands on', async () => {
    const testApi = await newTestApi()
    await expect.poll(() => testApi.deps.redis.status).toBe('ready')
    expect(await partsOf(testApi, testApi.deps)).toEqual({
      postgres: { state: 'ok', detail: expect.stringMatching(/^PostgreSQL \d/) },
      redis: { state: 'ok', detail: 'Hints arrive at once.' },
      mail: { state: 'ok', detail: expect.stringContaining('/dev/mail') },
      disk: { state: expect.stringMatching(/^(ok|degraded)$/), detail: expect.stringMatching(/^\d+\.\d GB free$/) },
    })
  })

  it('say what is away, in words', async () => {
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

  it('name the mail server, and never its password', async () => {
    const testApi = await newTestApi()
    const server = await mailServer({ onAuth: (_auth, _session, callback) => callback(null, { user: 'user' }) })
    const { mail } = await partsOf(
      testApi,
      testApi.anotherProcess({ SMTP_URL: server.url.replace('//', '//user:mail-password@') }),
    )
    expect(mail).toEqual({ state: 'ok', detail: `127.0.0.1:${server.port}` })
  })

  it('list who is here: open streams, and who was served elsewhere a moment ago', async () => {
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

  it('count the processes of this installation', async () => {
    const testApi = await newTestApi()
    testApi.anotherProcess()
    const api = callerFor(testApi.deps, await newUser(testApi.deps, { role: 'admin' }))
    await vi.waitFor(async () => expect((await api.admin.connections()).nodes).toBe(2), { timeout: 5_000 })
  })
})
