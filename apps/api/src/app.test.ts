import { sql } from 'kysely'
import { beforeAll, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { createApp } from './app.ts'
import { sessionCookie } from './auth/sessions.ts'
import { lockScopes } from './platform/scopes/changes.ts'
import { inTransaction } from './platform/transaction.ts'
import { newUser, type TestUser } from './test/builders.ts'
import { codeIn, post } from './test/http.ts'
import { type TestApi, newTestApi } from './test/harness.ts'

let testApi: TestApi
let anna: TestUser
beforeAll(async () => {
  testApi = await newTestApi()
  anna = await newUser(testApi.deps)
})

const cookie = () => `${sessionCookie}=${anna.token}`

it('the page may connect to media nodes at addresses of their own, where these are named, and nowhere else', async () => {
  const app = await createApp(testApi.anotherProcess({ SFU_ORIGINS: 'wss://sfu-2.example.org, wss://sfu-3.example.org:8443/x' }))
  const { headers } = await app.http.inject('/livez')
  await app.close()
  expect(headers['content-security-policy']).toContain(
    "connect-src 'self' ws://localhost:8080 wss://sfu-2.example.org wss://sfu-3.example.org:8443;",
  )
})

describe('a stop', () => {
  it('lets what has been asked be answered, and nobody ask any more', async () => {
    const { app, base } = await open()
    const own = { kind: 'user' as const, id: anna.userId }
    let asked: ReturnType<typeof post> | undefined
    let stopping: Promise<void> | undefined
    await inTransaction(testApi.deps, async (tx) => {
      await lockScopes(tx, [own])
      asked = post(base, 'users.updateSettings', { theme: 'dark' }, { cookie: cookie() })
      await expect.poll(waiting).toBe(1)
      stopping = app.close()
      await expect(fetch(`${base}/livez`)).rejects.toThrow()
    })
    const answer = await asked!
    expect({ status: answer.status, code: codeIn(answer) }).toEqual({ status: 200, code: undefined })
    await stopping
  })

  it('waits for no socket whose other side is silent', async () => {
    const { app, base } = await open()
    const socket = new WebSocket(`${base.replace('http', 'ws')}/api/trpc`, {
      origin: 'http://localhost:8080',
      headers: { cookie: cookie() },
    })
    await new Promise((resolve) => socket.once('open', resolve))
    socket.pause()
    const begun = Date.now()
    await app.close()
    expect(Date.now() - begun).toBeLessThan(5_000)
    socket.terminate()
  })
})

async function open() {
  const app = await createApp(testApi.anotherProcess())
  const base = await app.http.listen({ host: '127.0.0.1', port: 0 })
  return { app, base }
}

/** Changes that wait for a lock. */
async function waiting(): Promise<number> {
  const { rows } = await sql<{ n: number }>`
    select count(*)::int as n from pg_stat_activity
    where datname = current_database() and wait_event_type = 'Lock' and application_name like 'veche%'`.execute(
    testApi.deps.polls,
  )
  return rows[0]!.n
}
