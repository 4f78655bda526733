import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { newId } from '@veche/shared/ids'
import { beforeAll, describe, expect, test } from 'vitest'
import { createApp } from './app.ts'
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
  const cookie = `veche=${anna.token}`
  const answer = await fetch(`${address}/users.updateProfile`, {
    method: 'POST',
    headers: { cookie, ...headers },
    body,
  })
  return { status: answer.status, text: await answer.text() }
}

describe('a change over HTTP', () => {
  test.each([
    ['a page of our own', { ...good, origin: 'http://localhost:8080', 'sec-fetch-site': 'same-origin' }],
    ['a program that is no browser', good],
  ])('a change over HTTP is accepted from %s', async (_name, headers) => {
    expect(await change(headers)).toMatchObject({ status: 200 })
  })

  test('a change over HTTP is refused and changes nothing when the tab is of one person and the cookie of its browser of another', async () => {
    const before = await nameOf()
    const { status, text } = await change({ ...good, 'x-veche-person': newId() }, `{"name":"${newId()}"}`)
    expect([status, text]).toEqual([409, expect.stringContaining('auth.other_person')])
    expect(await nameOf()).toBe(before)
    expect(await change({ ...good, 'x-veche-person': anna.userId })).toMatchObject({ status: 200 })
  })

  test.each([
    ['without the header of our app', { 'content-type': 'application/json' }],
    ['from another site', { ...good, origin: 'https://evil.example' }],
    ['from a sister site', { ...good, origin: 'http://localhost:8080', 'sec-fetch-site': 'same-site' }],
    ['from a sandboxed page', { ...good, origin: 'null' }],
    ['when its content type is text', { ...good, 'content-type': 'text/plain' }],
    ['when its content type is bytes', { ...good, 'content-type': 'application/octet-stream' }],
  ])('a change over HTTP is refused %s and changes nothing', async (_name, headers) => {
    const before = await nameOf()
    const { status, text } = await change(headers, `{"name":"${newId()}"}`)
    expect([403, 415]).toContain(status)
    expect(text).toMatch(/request\.foreign_origin|input\.invalid/)
    expect(await nameOf()).toBe(before)
  })

  test('a change over HTTP is refused when it comes as a form', async () => {
    const form = new FormData()
    form.set('name', 'Evil')
    expect((await change({ 'x-veche': '1' }, form)).status).toBe(403)
    expect(
      (await change({ 'x-veche': '1', 'content-type': 'application/x-www-form-urlencoded' }, 'name=Evil')).status,
    ).toBe(415)
  })

  test('a GET request changes nothing', async () => {
    const url = `${address}/users.updateProfile?input=${encodeURIComponent('{"name":"Evil"}')}`
    const answer = await fetch(url, { headers: { cookie: `veche=${anna.token}` } })
    expect(answer.status).toBe(405)
  })
})

describe('malformed input', () => {
  test.each([
    ['an unfinished document', '{"a'],
    ['an empty body', ''],
    ['a list', '[]'],
    ['a wrong type', '{"name":{"$gt":""}}'],
    ['an unknown key', '{"name":"Anna","role":"owner"}'],
    ['a key that names the prototype', '{"name":"Anna","__proto__":{"role":"owner"}}'],
    ['a name that is too long', JSON.stringify({ name: 'а'.repeat(65) })],
    ['a name of spaces only', '{"name":"   "}'],
  ])('malformed input is answered with a code and without internals: %s', async (_name, body) => {
    const { status, text } = await change(good, body)
    expect(status).toBe(400)
    const { error } = JSON.parse(text) as { error: { message: string; data: { veche: { code: string } } } }
    expect(error.data.veche.code).toBe('input.invalid')
    expect(error.message).toBe('input.invalid')
    expect(text).not.toMatch(/stack|node_modules|zod|Unterminated/i)
  })

  test('a body of more than a megabyte is refused as too large', async () => {
    const { status, text } = await change(good, JSON.stringify({ name: 'x'.repeat(1_100_000) }))
    expect(status).toBe(413)
    expect(text).toContain('request.too_large')
  })

  test('text that looks like markup or SQL is stored and answered as it is', async () => {
    const chatId = await newGroup(testApi.deps, [anna], `<img src=x onerror=alert(1)> '; drop table users; --`)
    const url = `${address}/sync.scope?input=${encodeURIComponent(JSON.stringify({ id: chatId, since: 0 }))}`
    const answer = await fetch(url, { headers: { cookie: `veche=${anna.token}` } })
    expect(await answer.text()).toContain(`<img src=x onerror=alert(1)> '; drop table users; --`)
    expect(answer.headers.get('content-type')).toContain('application/json')
    expect(answer.headers.get('cache-control')).toBe('no-store')
  })
})

describe('a screen', () => {
  test.each(['GET', 'HEAD'])('the path of a screen answers %s with the page of the app', async (method) => {
    const answer = await fetch(address.replace('/api/trpc', '/chats/1'), { method })
    expect(answer.status).toBe(200)
    expect(answer.headers.get('content-type')).toContain('text/html')
  })
})

describe('every answer', () => {
  test.each(['/readyz', '/nowhere.js', '/api/nowhere'])(
    'every answer carries the policy against foreign scripts: %s',
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

test('what another app shares while no service worker is there to keep it leads to the page that says so', async () => {
  const body = new FormData()
  body.append('files', new Blob([new Uint8Array(100_000)]), 'a.bin')
  const answer = await fetch(new URL('/share', address), { method: 'POST', body, redirect: 'manual' })
  expect([answer.status, answer.headers.get('location')]).toEqual([303, '/share'])
  expect(await (await fetch(new URL('/share', address))).text()).toContain('Veche')
})
