import { join } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { newUser } from '../test/builders.ts'
import { callerFor, type House, newHouse } from '../test/harness.ts'
import { Observer } from '../test/observer.ts'
import { freePort, mailServer } from '../test/smtp.ts'
import { newcomer } from '../test/visitor.ts'
import type { Deps } from '../deps.ts'

async function partsOf(house: House, deps: Deps) {
  const owner = await newUser(house.deps, { role: 'owner' })
  const { parts } = await callerFor(deps, owner).admin.connections()
  return Object.fromEntries(parts.map(({ name, state, detail }) => [name, { state, detail }]))
}

describe('connections', () => {
  it('say what the server stands on', async () => {
    const house = await newHouse()
    await expect.poll(() => house.deps.redis.status).toBe('ready')
    expect(await partsOf(house, house.deps)).toEqual({
      postgres: { state: 'ok', detail: expect.stringMatching(/^PostgreSQL \d/) },
      redis: { state: 'ok', detail: 'Hints arrive at once.' },
      mail: { state: 'ok', detail: expect.stringContaining('/dev/mail') },
      disk: { state: expect.stringMatching(/^(ok|degraded)$/), detail: expect.stringMatching(/^\d+\.\d GB free$/) },
    })
  })

  it('say what is away, in words', async () => {
    const house = await newHouse()
    const deps = house.another({
      REDIS_URL: '/nonexistent/redis.sock',
      SMTP_URL: `smtp://127.0.0.1:${await freePort()}`,
      VECHE_DATA: join(house.env.VECHE_DATA, 'nowhere'),
    })
    expect(await partsOf(house, deps)).toMatchObject({
      postgres: { state: 'ok' },
      redis: { state: 'degraded', detail: expect.stringContaining('three seconds') },
      mail: { state: 'down', detail: expect.stringMatching(/^The mail server could not be reached\./) },
      disk: { state: 'down', detail: 'The data folder cannot be read.' },
    })
  })

  it('name the mail server, and never its password', async () => {
    const house = await newHouse()
    const server = await mailServer({ onAuth: (_auth, _session, callback) => callback(null, { user: 'user' }) })
    const { mail } = await partsOf(
      house,
      house.another({ SMTP_URL: server.url.replace('//', '//user:mail-password@') }),
    )
    expect(mail).toEqual({ state: 'ok', detail: `127.0.0.1:${server.port}` })
  })

  it('list who is here: open streams, and who was served elsewhere a moment ago', async () => {
    const house = await newHouse()
    const owner = await newUser(house.deps, { role: 'owner' })
    const streaming = await newUser(house.deps, { name: 'Streaming' })
    await house.pass(180_000)
    const recent = await newcomer(house.deps)
    const observer = await Observer.open(house.deps, streaming)
    const { live } = await callerFor(house.deps, owner).admin.connections()
    const ids = live.map(({ sessionId }) => sessionId)
    expect(ids).toEqual(expect.arrayContaining([recent.me.sessionId, streaming.sessionId]))
    expect(ids).not.toContain(owner.sessionId)
    const shown = live.find(({ sessionId }) => sessionId === recent.me.sessionId)
    expect(shown).toMatchObject({ device: 'Firefox on Linux', ip: recent.ip, user: { id: recent.userId } })
    observer.close()
  })

  it('count the processes of this installation', async () => {
    const house = await newHouse()
    house.another()
    const api = callerFor(house.deps, await newUser(house.deps, { role: 'admin' }))
    await vi.waitFor(async () => expect((await api.admin.connections()).nodes).toBe(2), { timeout: 5_000 })
  })
})
