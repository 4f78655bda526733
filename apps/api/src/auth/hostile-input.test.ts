import { sql } from 'kysely'
import { beforeAll, describe, expect, test } from 'vitest'
import { type TestApi, newTestApi } from '../test/harness.ts'
import { codeIn, cookieFrom, dataIn, startHttp, post, query } from '../test/http/requests.ts'
import { goodPassword, signUpUser, newInvite } from '../test/http/browser.ts'

const token = 'A'.repeat(43)
const good: Record<string, Record<string, unknown>> = {
  'auth.signIn': { email: 'a@example.org', password: 'x' },
  'auth.signUp': { token, name: 'Olga', email: 'a@example.org', password: goodPassword, locale: 'en' },
  'auth.setUp': { token, name: 'Olga', email: 'a@example.org', password: goodPassword, locale: 'en' },
  'auth.recover': { token, password: goodPassword },
  'auth.requestReset': { email: 'a@example.org', locale: 'en' },
  'auth.reset': { email: 'a@example.org', code: '123456', password: goodPassword },
  'auth.changePassword': { current: 'x', next: goodPassword },
  'auth.signOutSession': { sessionId: crypto.randomUUID() },
  'users.updateProfile': { name: 'Olga', handle: 'olga' },
  'users.updateSettings': { theme: 'dark' },
}

const hostile: unknown[] = [
  { toString: 'x' },
  ['a@example.org'],
  [],
  true,
  17,
  -1,
  null,
  '\u0000'.repeat(2_000),
  'x'.repeat(5_000),
  '💥'.repeat(3_000),
  { $gt: '' },
]

describe('hostile input', () => {
  let testApi: TestApi
  let base: string
  let cookie: string | undefined
  beforeAll(async () => {
    testApi = await newTestApi({ TRUSTED_PROXIES: '127.0.0.1' })
    base = await startHttp(testApi.deps)
    const { email } = await signUpUser(testApi.deps)
    cookie = cookieFrom(await post(base, 'auth.signIn', { email, password: goodPassword }))
  })

  /** Each request comes from an address of its own, so that no rate limit refuses it. */
  let count = 0
  function send(path: string, input: unknown, raw?: string) {
    count += 1
    const headers = { 'x-forwarded-for': `10.9.${Math.floor(count / 250)}.${1 + (count % 250)}` }
    const open = /signIn|signUp|setUp|recover|eset\b/.test(path)
    return post(base, path, input, {
      headers,
      cookie: open ? undefined : cookie,
      ...(raw === undefined ? {} : { raw }),
    })
  }

  test.each(['\u200b\u200b', '\u034f\u061c', '\u2800', '\u{E0041}\u{E007F}', '\u2060', '\u3164', ' \u200d \u200c '])(
    'a name of invisible characters (%j) is refused',
    async (name) => {
      expect(codeIn(await send('users.updateProfile', { name, handle: 'olga' }))).toBe('input.invalid')
    },
  )

  test.each(Object.keys(good))(
    '%s refuses hostile values in each field with a code and writes nothing',
    async (path) => {
      const before = await fingerprint(testApi)
      // One batch for all values of a field costs a tenth of as many requests.
      const paths = hostile.map(() => path).join(',')
      for (const field of Object.keys(good[path] ?? {})) {
        const inputs = hostile.map((value, index) => [index, { ...good[path], [field]: value }])
        const { status, body } = await send(`${paths}?batch=1`, Object.fromEntries(inputs))
        const codes = (body as unknown[]).map((one) => codeIn({ body: one }))
        expect([path, field, status, codes]).toEqual([path, field, 400, hostile.map(() => 'input.invalid')])
        expect(JSON.stringify(body)).not.toMatch(/at .*\.ts|node_modules|stack/)
      }
      expect(await fingerprint(testApi)).toBe(before)
    },
  )

  test.each(Object.keys(good))('%s refuses unknown keys and other shapes of input and writes nothing', async (path) => {
    const before = await fingerprint(testApi)
    const wholes = [
      JSON.stringify({ ...good[path], isAdmin: true }),
      JSON.stringify({ ...good[path] }).replace('{', '{"__proto__":{"role":"owner"},'),
      JSON.stringify({ ...good[path] }).replace('{', '{"constructor":{"prototype":{"role":"owner"}},'),
      '[]',
      '"text"',
      'null',
      '17',
      '[[[[[[[[[[[]]]]]]]]]]]',
    ]
    for (const raw of wholes) {
      const answer = await send(path, undefined, raw)
      expect([path, raw, codeIn(answer)]).toEqual([path, raw, 'input.invalid'])
    }
    for (const raw of ['', '{', 'null,null', '\u0000']) expect((await send(path, undefined, raw)).status).toBe(400)
    expect(await fingerprint(testApi)).toBe(before)
    expect(({} as { role?: string }).role).toBeUndefined()
  })

  test('procedures without input refuse any input', async () => {
    expect(codeIn(await post(base, 'auth.signOutOthers', { evil: 1 }, { cookie }))).toBe('input.invalid')
    expect(codeIn(await query(base, 'auth.me', { evil: 1 }, cookie))).toBe('input.invalid')
  })

  test('a body of more than a megabyte is refused before it is read', async () => {
    const answer = await post(base, 'auth.signIn', { email: 'a@example.org', password: 'x'.repeat(1_100_000) })
    expect(answer.status).toBe(413)
    expect(codeIn(answer)).toBe('request.too_large')
  })

  test('input that is wrong in many places gets a short answer', async () => {
    const answer = await send('chats.createGroup', { title: 'x', userIds: Array.from({ length: 100 }, () => '?') })
    expect(codeIn(answer)).toBe('input.invalid')
    expect(JSON.stringify(answer.body).length).toBeLessThan(1_000)
  })

  test('a batch of too many calls is refused', async () => {
    const paths = Array.from({ length: 60 }, () => 'auth.signIn').join(',')
    const answer = await post(base, `${paths}?batch=1`, {})
    expect(answer.status).toBe(400)
  })

  test('hostile cookies sign nobody in and break nothing', async () => {
    for (const value of ['', 'x', '%00', '\u00ff', 'a'.repeat(5_000), '[object Object]', '../../etc/passwd'])
      expect(dataIn(await query(base, 'auth.me', undefined, `veche=${value}`))).toBeNull()
  })

  test('names and search queries are taken literally, never as markup, SQL or patterns', async () => {
    const name = `<img src=x onerror=alert(1)> Robert'); drop table users; --`
    const answer = await post(base, 'users.updateProfile', { name }, { cookie })
    expect(dataIn(answer)).toMatchObject({ name })
    const found = (text: string) => query(base, 'users.people', { query: text }, cookie)
    expect(dataIn<{ people: unknown[] }>(await found(`Robert'); drop`)).people).toHaveLength(1)
    for (const text of ['%', '\\', '%%%', `' or 1=1`])
      expect(dataIn<{ people: unknown[] }>(await found(text)).people).toEqual([])
    for (const cursor of [
      'x',
      '!!',
      Buffer.from('[1,2]').toString('base64url'),
      Buffer.from('["a\\u0000","x"]').toString('base64url'),
    ])
      expect(codeIn(await query(base, 'users.people', { cursor }, cookie))).toBe('input.invalid')
  })

  test('a name is cleaned of control characters, and refused when nothing is left', async () => {
    const { token: invite } = await newInvite(testApi.deps)
    const form = { ...good['auth.signUp'], token: invite, email: 'zero@example.org' }
    for (const name of ['', '   ', '\u0000', '\n\t', 'x'.repeat(65)])
      expect(codeIn(await post(base, 'auth.signUp', { ...form, name }))).toBe('input.invalid')
    const answer = await post(base, 'auth.signUp', { ...form, name: '  Ol\u0000ga\n\n Pet\u0007rova  ' })
    expect(dataIn(answer)).toMatchObject({ user: { name: 'Olga Petrova', handle: 'olga_petrova' } })
  })
})

/** Everything that a refused request could have written. */
async function fingerprint(testApi: TestApi): Promise<string> {
  const { rows } = await sql<{ text: string }>`select md5(concat(
    (select json_agg(u order by id) from users u), (select json_agg(s order by user_id) from user_settings s),
    (select json_agg((id, revoked_at, rev) order by id) from sessions), (select json_agg(c order by id) from codes c),
    (select json_agg(m order by id) from mails m), (select json_agg(s order by id) from scopes s))) as text`.execute(
    testApi.deps.db,
  )
  return rows[0]?.text ?? ''
}
