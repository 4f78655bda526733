import { Writable } from 'node:stream'
import { beforeAll, describe, expect, test } from 'vitest'
import { createDeps, closeDeps } from '../deps.ts'
import { createLogger } from '../platform/logger.ts'
import { type TestApi, newTestApi } from '../test/harness.ts'
import { sendMail } from '../test/mail/mails.ts'
import { codeIn, cookieFrom, dataIn, startHttp, post, query } from '../test/http/requests.ts'
import { codeFor, otherCode } from '../test/http/browser.ts'
import { createSetupLink } from './setup-links.ts'

describe('secrets never reach the log', () => {
  let testApi: TestApi
  beforeAll(async () => {
    testApi = await newTestApi()
  })

  test('no secret reaches the log during setup, sign-up, sign-in, reset and change, whether they succeed or fail', async () => {
    const lines: string[] = []
    const destination = new Writable({ write: (chunk, _encoding, done) => (lines.push(String(chunk)), done()) })
    // There is no mail server, so sending fails and is logged.
    const env = { ...testApi.env, SMTP_URL: 'smtp://postmaster:mail-password@127.0.0.1:1' }
    const deps = createDeps(env, { clock: testApi.clock, log: createLogger('trace', 'api', destination) })
    const base = await startHttp(deps)
    const secrets = [
      'first good sentence',
      'second good sentence',
      'third good sentence',
      'a wrong guess',
      'mail-password',
    ]
    const [first = '', second = '', third = '', guess = ''] = secrets
    const keep = <T extends string | undefined>(secret: T): T => {
      if (secret) secrets.push(secret)
      return secret
    }

    const setup = keep((await createSetupLink(deps)).url.split('/').at(-1) ?? '')
    const owner = { name: 'Owner', email: 'owner@example.org', password: first, locale: 'en' }
    const cookie = keep(cookieFrom(await post(base, 'auth.setUp', { token: setup, ...owner })))
    const invite = await post(base, 'admin.createInvite', { email: 'new@example.org' }, { cookie })
    const link = keep(dataIn<{ link: string }>(invite).link)
    const token = keep(new URL(link).searchParams.get('invite') ?? '')
    expect(dataIn(await query(base, 'auth.invite', { token }))).toMatchObject({ email: 'new@example.org' })
    const form = { token, name: 'New', email: 'new@example.org', locale: 'en' }
    expect(codeIn(await post(base, 'auth.signUp', { ...form, password: first, extra: guess }))).toBe('input.invalid')
    const second_cookie = keep(cookieFrom(await post(base, 'auth.signUp', { ...form, password: second })))
    await post(base, 'auth.signIn', { email: form.email, password: guess })
    keep(cookieFrom(await post(base, 'auth.signIn', { email: form.email, password: second })))
    await post(base, 'auth.requestReset', { email: form.email, locale: 'en' })
    const code = keep(await codeFor(deps, form.email))
    const ids = await deps.db.selectFrom('mails').select('id').execute()
    for (const { id } of ids) await sendMail(deps, id)
    await post(base, 'auth.reset', { email: form.email, code: keep(otherCode(code)), password: third })
    const reset = await post(base, 'auth.reset', { email: form.email, code, password: third })
    expect(reset.status).toBe(200)
    await post(base, 'auth.changePassword', { current: guess, next: first }, { cookie: second_cookie })
    await post(base, 'auth.signIn', '{', { raw: `{"email": "${form.email}", "password": "${guess}"` })
    await post(base, 'auth.signOut', undefined, { cookie: keep(cookieFrom(reset)), raw: '' })
    await new Promise((resolve) => destination.write('', resolve))

    const written = lines.join('')
    expect(written).toContain('a try failed')
    for (const secret of secrets) expect([secret, written.includes(secret)]).toEqual([secret, false])
    await closeDeps(deps)
  })
})
