import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { newId } from '@veche/shared/ids'
import { beforeAll, describe, expect, it } from 'vitest'
import { createApp } from './app.ts'
import { sessionCookie } from './auth/sessions.ts'
import { newGroup, newUser, type TestUser } from './test/builders.ts'
import { type TestApi, newTestApi } from './test/harness.ts'

let testApi: TestApi
let anna: TestUser
let address: string
beforeAll(async () => {
  const build = mkdtempSync(join(tmpdir(), 'veche-build-'))
  writeFileSync(join(build, '200.html'), '<!doctype html><title>Veche</title>')
  testApi = await newTestApi({ WEB_BUILD: build })
  const app = await createApp(testApi.deps)
  address = `${await app.http.listen({ host: '127.0.0.1', port: 0 })}/api/trpc`
  anna = await newUser(testApi.deps)
  return async () => {
    await app.close()
    rmSync(build, { recursive: true })
  }
})

const good = { 'content-type': 'application/json', 'x-veche': '1' }

async function change(headers: Record<string, string>, body: string | FormData = '{"name":"Renamed"}') {
  const cookie = `${sessionCookie}=${anna.token}`
  const answer = await fetch(`${address}/users.updateProfile`, {
    method: 'POST',
    headers: { cookie, ...headers },
    body,
  })
  return { status: answer.status, text: await answer.text() }
}

describe('a change over HTTP', () => {
  it.each([
    ['of our own page', { ...good, origin: 'http://localhost:8080', 'sec-fetch-site': 'same-origin' }],
    ['of a program that is no browser', good],
  ])('is taken from %s', async (_name, headers) => {
    expect(await change(headers)).toMatchObject({ status: 200 })
  })

  it.each([
    ['without our header', { 'content-type': 'application/json' }],
    ['from another site', { ...good, origin: 'https://evil.example' }],
    ['from a sister site', { ...good, origin: 'http://localhost:8080', 'sec-fetch-site': 'same-site' }],
    ['from a sandboxed page', { ...good, origin: 'null' }],
    ['as text', { ...good, 'content-type': 'text/plain' }],
    ['as bytes', { ...good, 'content-type': 'application/octet-stream' }],
  ])('is refused %s, and nothing has changed', async (_name, headers) => {
    const before = await nameOf()
    const { status, text } = await change(headers, `{"name":"${newId()}"}`)
    expect([403, 415]).toContain(status)
    expect(text).toMatch(/request\.foreign_origin|input\.invalid/)
    expect(await nameOf()).toBe(before)
  })

  it('is refused as a form', async () => {
    const form = new FormData()
    form.set('name', 'Evil')
    expect((await change({ 'x-veche': '1' }, form)).status).toBe(403)
    expect(
      (await change({ 'x-veche': '1', 'content-type': 'application/x-www-form-urlencoded' }, 'name=Evil')).status,
    ).toBe(415)
  })

  it('is not made by a GET', async () => {
    const url = `${address}/users.updateProfile?input=${encodeURIComponent('{"name":"Evil"}')}`
    const answer = await fetch(url, { headers: { cookie: `${sessionCookie}=${anna.token}` } })
    expect(answer.status).toBe(405)
  })
})

describe('malformed input', () => {
  it.each([
    ['half a document', '{"a'],
    ['nothing', ''],
    ['a list', '[]'],
    ['another type', '{"name":{"$gt":""}}'],
    ['a key too many', '{"name":"Anna","role":"owner"}'],
    ['a prototype', '{"name":"Anna","__proto__":{"role":"owner"}}'],
    ['too long a name', JSON.stringify({ name: 'а'.repeat(65) })],
    ['a name of nothing but spaces', '{"name":"   "}'],
  ])('is answered with a code and no word of the inside: %s', async (_name, body) => {
    const { status, text } = await change(good, body)
    expect(status).toBe(400)
    const { error } = JSON.parse(text) as { error: { message: string; data: { veche: { code: string } } } }
    expect(error.data.veche.code).toBe('input.invalid')
    expect(error.message).toBe('input.invalid')
    expect(text).not.toMatch(/stack|node_modules|zod|Unterminated/i)
  })

  it('of more than a megabyte is too large', async () => {
    const { status, text } = await change(good, JSON.stringify({ name: 'x'.repeat(1_100_000) }))
    expect(status).toBe(413)
    expect(text).toContain('request.too_large')
  })

  it('of the right size and a hostile kind is a text like any other', async () => {
    const chatId = await newGroup(testApi.deps, [anna], `<img src=x onerror=alert(1)> '; drop table users; --`)
    const url = `${address}/sync.scope?input=${encodeURIComponent(JSON.stringify({ id: chatId, since: 0 }))}`
    const answer = await fetch(url, { headers: { cookie: `${sessionCookie}=${anna.token}` } })
    expect(await answer.text()).toContain(`<img src=x onerror=alert(1)> '; drop table users; --`)
    expect(answer.headers.get('content-type')).toContain('application/json')
    expect(answer.headers.get('cache-control')).toBe('no-store')
  })
})

describe('a screen', () => {
  it.each(['GET', 'HEAD'])('is there for %s', async (method) => {
    const answer = await fetch(address.replace('/api/trpc', '/chats/1'), { method })
    expect(answer.status).toBe(200)
    expect(answer.headers.get('content-type')).toContain('text/html')
  })
})

describe('every answer', () => {
  it.each(['/readyz', '/nowhere.js', '/api/nowhere'])(
    'carries the policy against foreign scripts: %s',
    async (path) => {
      const answer = await fetch(address.replace('/api/trpc', path))
      const policy = answer.headers.get('content-security-policy') ?? ''
      expect(policy).toContain("default-src 'none'")
      expect(policy).toContain("frame-ancestors 'none'")
      expect(policy).not.toContain('unsafe')
      expect(answer.headers.get('x-content-type-options')).toBe('nosniff')
    },
  )
})

async function nameOf(): Promise<string> {
  const row = await testApi.deps.db
    .selectFrom('users')
    .select('name')
    .where('id', '=', anna.userId)
    .executeTakeFirstOrThrow()
  return row.name
}
