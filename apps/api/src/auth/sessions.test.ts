import { sql } from 'kysely'
import { beforeAll, describe, expect, test } from 'vitest'
import { newSessions, newUser } from '../test/builders.ts'
import { callerFor, type TestApi, newTestApi } from '../test/harness.ts'
import { codeIn, cookieFrom, dataIn, startHttp, post, query } from '../test/http/requests.ts'
import { Observer } from '../test/Observer.ts'
import { outcomeOf } from '../test/outcome.ts'
import { goodPassword, signUpUser, newBrowser } from '../test/http/browser.ts'
import { sessionCookie } from './session-cookie.ts'
import { findActor } from './sessions.ts'
import { deleteOldSignInRows } from './retention.ts'

const day = 86_400_000
const windows =
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0'

describe('the cookie', () => {
  let testApi: TestApi
  let base: string
  beforeAll(async () => {
    testApi = await newTestApi()
    base = await startHttp(testApi.deps)
  })

  test('the session cookie belongs to this host alone, is unreadable for scripts, and is not sent from other sites', async () => {
    const { email } = await signUpUser(testApi.deps)
    const answer = await post(base, 'auth.signIn', { email, password: goodPassword })
    expect(answer.status).toBe(200)
    const [cookie = ''] = answer.headers.getSetCookie()
    expect(cookie).toMatch(/^veche=[\w-]{43};/)
    for (const part of ['Path=/', 'HttpOnly', 'SameSite=Lax']) expect(cookie).toContain(part)
    expect(cookie).not.toContain('Domain')
    expect(answer.headers.get('cache-control')).toBe('no-store')
    const me = await query(base, 'auth.me', undefined, cookieFrom(answer))
    expect(dataIn(me)).toMatchObject({ settings: { email } })
  })

  test('over https the session cookie is secure, and over http on this machine it is not, because Safari would drop it', () => {
    expect(sessionCookie({ PUBLIC_URL: 'https://chat.example.org' })).toEqual({ name: '__Host-veche', secure: true })
    expect(sessionCookie({ PUBLIC_URL: 'http://localhost:8080' })).toEqual({ name: 'veche', secure: false })
  })

  test('signing out deletes the session cookie, which opens nothing afterwards', async () => {
    const { email } = await signUpUser(testApi.deps)
    const cookie = cookieFrom(await post(base, 'auth.signIn', { email, password: goodPassword }))
    const out = await post(base, 'auth.signOut', undefined, { cookie, raw: '' })
    expect(out.status).toBe(200)
    expect(out.headers.getSetCookie()[0]).toMatch(/^veche=; .*Expires=Thu, 01 Jan 1970/)
    expect(dataIn(await query(base, 'auth.me', undefined, cookie))).toBeNull()
    expect(codeIn(await post(base, 'auth.signOutOthers', undefined, { cookie, raw: '' }))).toBe('auth.required')
  })

  test('a refused sign-in sets no session cookie', async () => {
    const answer = await post(base, 'auth.signIn', { email: 'nobody@example.org', password: 'x' })
    expect(answer.status).toBe(401)
    expect(codeIn(answer)).toBe('auth.wrong_credentials')
    expect(answer.headers.getSetCookie()).toEqual([])
  })

  test('the session cookie alone changes nothing: changes need our header, our origin and JSON', async () => {
    const { email } = await signUpUser(testApi.deps)
    const cookie = cookieFrom(await post(base, 'auth.signIn', { email, password: goodPassword }))
    const refused: Record<string, string>[] = [
      { 'x-veche': '' },
      { 'x-veche': '2' },
      { origin: 'https://evil.example' },
      { origin: 'null' },
      { origin: 'http://localhost:8081' },
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
    ]
    for (const headers of refused) {
      const answer = await post(base, 'auth.signOutOthers', undefined, { cookie, headers, raw: '' })
      expect([headers, codeIn(answer)]).toEqual([headers, 'request.foreign_origin'])
    }
    const form = { 'content-type': 'application/x-www-form-urlencoded' }
    expect((await post(base, 'users.updateProfile', {}, { cookie, headers: form, raw: 'name=Evil' })).status).not.toBe(
      200,
    )
    const own = { origin: 'http://localhost:8080', 'sec-fetch-site': 'same-origin' }
    expect((await post(base, 'auth.signOutOthers', undefined, { cookie, headers: own, raw: '' })).status).toBe(200)
  })

  test('no session cookie is set over plain http elsewhere than on localhost, and the answer says why', async () => {
    const plain = testApi.anotherProcess({ PUBLIC_URL: 'http://192.168.1.5:8080' })
    const { email } = await signUpUser(testApi.deps)
    const { api, jar } = newBrowser(plain)
    expect(await outcomeOf(api.auth.signIn({ email, password: goodPassword }))).toBe('auth.https_required')
    expect(jar.token).toBeUndefined()
    const secure = newBrowser(testApi.anotherProcess({ PUBLIC_URL: 'https://chat.example.org' }))
    expect(await outcomeOf(secure.api.auth.signIn({ email, password: goodPassword }))).toBe('ok')
  })

  test('a session keeps the address that a trusted proxy names, and ignores other forwarding headers', async () => {
    const trusting = await startHttp(testApi.anotherProcess({ TRUSTED_PROXIES: '127.0.0.1' }))
    const trust = { 'x-forwarded-for': '198.51.100.7', 'user-agent': windows }
    const { email, userId } = await signUpUser(testApi.deps)
    await post(trusting, 'auth.signIn', { email, password: goodPassword }, { headers: trust })
    await post(base, 'auth.signIn', { email, password: goodPassword }, { headers: trust })
    const rows = await testApi.deps.db
      .selectFrom('sessions')
      .select(['ip', 'device'])
      .where('user_id', '=', userId)
      .orderBy('created_at', 'desc')
      .limit(2)
      .execute()
    expect(rows).toEqual([
      { ip: '127.0.0.1', device: 'Edge on Windows' },
      { ip: '198.51.100.7', device: 'Edge on Windows' },
    ])
  })
})

describe('sessions', () => {
  let testApi: TestApi
  beforeAll(async () => {
    testApi = await newTestApi()
  })

  test('the database keeps hashes of session tokens, never the tokens', async () => {
    const { jar, userId } = await signUpUser(testApi.deps)
    const row = await testApi.deps.db
      .selectFrom('sessions')
      .select(sql<string>`encode(token_hash, 'hex')`.as('hash'))
      .where('user_id', '=', userId)
      .executeTakeFirstOrThrow()
    expect(row.hash).toHaveLength(64)
    expect(Buffer.from(row.hash, 'hex').toString('base64url')).not.toBe(jar.token)
  })

  test('a session lasts 90 days without use, and each use begins them anew', async () => {
    const { jar, api } = await signUpUser(testApi.deps)
    for (let i = 0; i < 3; i += 1) {
      await testApi.passTime(89 * day)
      expect(await api.auth.me()).not.toBeNull()
    }
    await testApi.passTime(90 * day)
    expect(await findActor(testApi.deps, jar.token)).toBeNull()
  })

  test('a session ends a year after it began, however much it is used', async () => {
    const { jar, api } = await signUpUser(testApi.deps)
    for (let i = 0; i < 5; i += 1) {
      await testApi.passTime(72 * day)
      expect(await api.auth.me()).not.toBeNull()
    }
    await testApi.passTime(5 * day + 1_000)
    expect(await findActor(testApi.deps, jar.token)).toBeNull()
  })

  test('a session writes its last use once a minute, without a new revision', async () => {
    const { api, userId } = await signUpUser(testApi.deps)
    const read = async () => {
      await api.auth.me()
      return testApi.deps.db
        .selectFrom('sessions')
        .innerJoin('scopes', 'scopes.id', 'sessions.user_id')
        .select(['sessions.last_used_at', 'sessions.rev', 'scopes.rev as scopeRev'])
        .where('user_id', '=', userId)
        .executeTakeFirstOrThrow()
    }
    const first = await read()
    await testApi.passTime(30_000)
    expect(await read()).toEqual(first)
    await testApi.passTime(31_000)
    const later = await read()
    expect(later.last_used_at.getTime()).toBeGreaterThan(first.last_used_at.getTime())
    expect({ rev: later.rev, scopeRev: later.scopeRev }).toEqual({ rev: first.rev, scopeRev: first.scopeRev })
  })

  test('other devices see a session when it begins and when it ends', async () => {
    const { api, email, userId } = await signUpUser(testApi.deps)
    const observer = await Observer.open(testApi.deps, { userId })
    const phone = newBrowser(testApi.deps, { device: 'Safari on iPhone' })
    const { sessionId } = await phone.api.auth.signIn({ email, password: goodPassword })
    await observer.settled()
    const there = observer.rows('sessions').find(({ id }) => id === sessionId)
    expect(there).toMatchObject({ device: 'Safari on iPhone', ip: phone.ip, gone: false })
    await api.auth.signOutSession({ sessionId })
    await observer.expectEqualsFetch()
    expect(observer.rows('sessions').map(({ id }) => id)).not.toContain(sessionId)
    expect(observer.gaps).toBe(0)
    observer.close()
  })

  test('a user can end their own sessions only; those of others and unknown ones are answered alike', async () => {
    const one = await signUpUser(testApi.deps)
    const other = await signUpUser(testApi.deps)
    const second = newBrowser(testApi.deps)
    const { sessionId } = await second.api.auth.signIn({ email: one.email, password: goodPassword })
    expect(await one.api.auth.signOutSession({ sessionId: other.me.sessionId })).toEqual({})
    expect(await one.api.auth.signOutSession({ sessionId: crypto.randomUUID() as never })).toEqual({})
    expect(await other.api.auth.me()).not.toBeNull()
    expect(await one.api.auth.signOutSession({ sessionId })).toEqual({})
    expect(await one.api.auth.signOutSession({ sessionId })).toEqual({})
    expect(await second.api.auth.me()).toBeNull()
    expect(await one.api.auth.me()).not.toBeNull()
  })

  test('a user can end all sessions but this one', async () => {
    const { api, email } = await signUpUser(testApi.deps)
    const others = [newBrowser(testApi.deps), newBrowser(testApi.deps)]
    for (const other of others) await other.api.auth.signIn({ email, password: goodPassword })
    await api.auth.signOutOthers()
    expect(await api.auth.me()).not.toBeNull()
    for (const other of others) expect(await other.api.auth.me()).toBeNull()
  })

  test('the hundred and first session of a user ends the one that was not used for the longest time', async () => {
    const { email, userId, api } = await signUpUser(testApi.deps)
    await testApi.passTime(120_000)
    await newSessions(testApi.deps, userId, 100)
    const { api: newest } = newBrowser(testApi.deps)
    await newest.auth.signIn({ email, password: goodPassword })
    expect(await newest.auth.me()).not.toBeNull()
    expect(await api.auth.me()).toBeNull()
    const { live } = await testApi.deps.db
      .selectFrom('sessions')
      .select((eb) => eb.fn.countAll<number>().as('live'))
      .where('user_id', '=', userId)
      .where('revoked_at', 'is', null)
      .executeTakeFirstOrThrow()
    expect(live).toBe(100)
  })

  test('an expired session is told to the other devices, and its row is deleted when all devices have learnt of it', async () => {
    const { userId, email, me } = await signUpUser(testApi.deps)
    await testApi.passTime(89 * day)
    const { api } = newBrowser(testApi.deps)
    await api.auth.signIn({ email, password: goodPassword })
    await testApi.passTime(2 * day)
    const observer = await Observer.open(testApi.deps, { userId })
    await Promise.all([deleteOldSignInRows(testApi.deps), deleteOldSignInRows(testApi.anotherProcess())])
    await observer.expectEqualsFetch()
    expect(observer.rows('sessions').map(({ id }) => id)).not.toContain(me.sessionId)
    expect(observer.frames.filter(({ id }) => id === userId)).toHaveLength(1)
    observer.close()
    await testApi.passTime(101 * day)
    await deleteOldSignInRows(testApi.deps)
    const left = await testApi.deps.db.selectFrom('sessions').select('id').where('id', '=', me.sessionId).execute()
    expect(left).toEqual([])
  })

  test('disabling a user ends their sessions and live streams', async () => {
    const { userId, api } = await signUpUser(testApi.deps)
    const owner = await newUser(testApi.deps, { role: 'owner' })
    const observer = await Observer.open(testApi.deps, { userId })
    await callerFor(testApi.deps, owner).admin.setDisabled({ userId, disabled: true })
    await observer.ended
    expect(await api.auth.me()).toBeNull()
    observer.close()
  })
})
