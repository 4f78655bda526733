import { once } from 'node:events'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { newUser } from '../test/builders.ts'
import { type TestApi, newTestApi } from '../test/harness.ts'
import { startHttp } from '../test/http/requests.ts'
import { newMail, mailRow, sendMail } from '../test/mail/mails.ts'
import { header } from '../test/mail/smtp.ts'
import type { KeptMail } from './mailbox.ts'

/** With the given Host header, which `fetch` would not send. */
async function get(base: string, path: string, headers: Record<string, string> = {}) {
  const asked = request(`${base}${path}`, { headers }).end()
  const [answer] = (await once(asked, 'response')) as [import('node:http').IncomingMessage]
  const chunks: Buffer[] = []
  for await (const chunk of answer) chunks.push(chunk as Buffer)
  return { status: answer.statusCode ?? 0, headers: answer.headers, text: Buffer.concat(chunks).toString('utf8') }
}

async function mailsAt(base: string, headers: Record<string, string> = {}): Promise<KeptMail[]> {
  return JSON.parse((await get(base, '/dev/mail.json', headers)).text) as KeptMail[]
}

const session = (token: string) => ({ cookie: `__Host-veche=${token}` })

describe('the local mailbox', () => {
  let testApi: TestApi
  let base: string
  beforeAll(async () => {
    testApi = await newTestApi()
    base = await startHttp(testApi.deps)
  })

  test('the local mailbox is empty before the first mail', async () => {
    expect(await mailsAt(base)).toEqual([])
    expect((await get(base, '/dev/mail')).text).toContain('No mail yet.')
  })

  test('the local mailbox keeps each mail as a file for mail programs and shows the newest first', async () => {
    const ids = []
    for (const to of ['first@example.org', 'second@example.org']) {
      const id = await newMail(testApi.deps, { to })
      await sendMail(testApi.deps, id)
      ids.push(id)
      expect(await mailRow(testApi.deps, id)).toMatchObject({ state: 'done', attempts: 1 })
    }
    const mails = await mailsAt(base)
    expect(mails.map(({ to }) => to)).toEqual(['second@example.org', 'first@example.org'])
    expect(mails[0]).toMatchObject({
      id: ids[1],
      subject: expect.stringContaining('code'),
      text: expect.stringContaining('123456'),
    })
    const eml = readFileSync(join(testApi.env.VECHE_DATA, 'mail', `${ids[0]}.eml`), 'utf8')
    expect(header(eml, 'Message-ID')).toBe(`<${ids[0]}@localhost>`)
    expect(header(eml, 'To')).toBe('first@example.org')
    expect(readdirSync(join(testApi.env.VECHE_DATA, 'mail')).filter((name) => name.endsWith('.part'))).toEqual([])
  })

  test('the local mailbox has a mail once when it was sent twice', async () => {
    const id = await newMail(testApi.deps, { to: 'twice@example.org' })
    await sendMail(testApi.deps, id)
    await testApi.deps.db.updateTable('mails').set({ state: 'due' }).where('id', '=', id).execute()
    await sendMail(testApi.deps, id)
    expect((await mailsAt(base)).filter(({ to }) => to === 'twice@example.org')).toHaveLength(1)
  })

  test('the local mailbox shows hostile mail as text, under a policy that allows no script', async () => {
    const inviter = `</pre><script>alert(1)</script><img src=x onerror=alert(2)>`
    await sendMail(testApi.deps, await newMail(testApi.deps, { inviter, to: 'olga@example.org' }))
    const page = await get(base, '/dev/mail')
    expect(page.headers['content-type']).toBe('text/html; charset=utf-8')
    expect(page.headers['content-security-policy']).toContain("default-src 'none'")
    expect(page.headers['x-content-type-options']).toBe('nosniff')
    expect(page.headers['cache-control']).toBe('no-store')
    expect(page.text).not.toMatch(/<script|<img/)
    expect(page.text).toContain('&#60;script&#62;')
    const sheet = await get(base, '/dev/mail.css')
    expect(sheet.headers['content-type']).toBe('text/css; charset=utf-8')
  })

  test('the local mailbox skips files that are no mail', async () => {
    const folder = join(testApi.env.VECHE_DATA, 'mail')
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, 'zzz.json'), '{"half": ')
    writeFileSync(join(folder, 'zzy.json'), '{"id": 5}')
    expect((await mailsAt(base)).length).toBeGreaterThan(0)
  })

  test('a mail is tried again when the local mailbox cannot be written', async () => {
    const folder = join(testApi.env.VECHE_DATA, 'a-file')
    writeFileSync(folder, '')
    const deps = testApi.anotherProcess({ VECHE_DATA: folder })
    const id = await newMail(deps)
    await sendMail(deps, id)
    expect(await mailRow(deps, id)).toMatchObject({
      state: 'due',
      attempts: 1,
      error: expect.stringContaining('folder: '),
    })
  })
})

describe('the local mailbox is a way into every account, so it', () => {
  let testApi: TestApi
  let base: string
  const everything = ['/dev/mail', '/dev/mail.json', '/dev/mail.css']
  beforeAll(async () => {
    testApi = await newTestApi()
    base = await startHttp(testApi.deps)
    for (const to of ['stranger@example.org']) await sendMail(testApi.deps, await newMail(testApi.deps, { to }))
  })

  async function statuses(at: string, headers: Record<string, string> = {}) {
    return Promise.all(everything.map(async (path) => (await get(at, path, headers)).status))
  }
  const open = [200, 200, 200]
  const absent = [404, 404, 404]

  test('the local mailbox is open to requests from this machine', async () => {
    for (const host of ['localhost:8080', '127.0.0.1', '[::1]:8080', 'LOCALHOST'])
      expect([host, await statuses(base, { host })]).toEqual([host, open])
  })

  test('the local mailbox is hidden under any other host name, which a page elsewhere could point to this machine', async () => {
    for (const host of ['evil.example', 'localhost.evil.example', '127.0.0.1.evil.example', '192.168.1.5:8080'])
      expect([host, await statuses(base, { host })]).toEqual([host, absent])
  })

  test('the local mailbox is hidden from requests through a proxy on this machine', async () => {
    for (const name of ['x-forwarded-for', 'x-forwarded-proto', 'x-real-ip', 'forwarded', 'via'])
      expect([name, await statuses(base, { host: 'localhost', [name]: '127.0.0.1' })]).toEqual([name, absent])
  })

  test('the local mailbox is hidden when the public address is not local', async () => {
    const at = await startHttp(testApi.anotherProcess({ PUBLIC_URL: 'https://chat.example.org' }))
    expect(await statuses(at, { host: 'localhost' })).toEqual(absent)
  })

  test('the local mailbox is hidden from everybody when a mail server is set', async () => {
    const at = await startHttp(testApi.anotherProcess({ SMTP_URL: 'smtp://127.0.0.1:2525' }))
    const owner = await newUser(testApi.deps, { role: 'owner' })
    expect(await statuses(at)).toEqual(absent)
    expect(await statuses(at, session(owner.token))).toEqual(absent)
  })

  test('the local mailbox is open to administrators from anywhere, and to no other user', async () => {
    const at = await startHttp(testApi.anotherProcess({ PUBLIC_URL: 'https://chat.example.org' }))
    for (const [role, expected] of [
      ['owner', open],
      ['admin', open],
      ['member', absent],
    ] as const) {
      const { token } = await newUser(testApi.deps, { role })
      expect([role, await statuses(at, session(token))]).toEqual([role, expected])
    }
    expect(await statuses(at, session('A'.repeat(43)))).toEqual(absent)
  })

  test('the local mailbox hides from an admin the mail to people whom they may not manage', async () => {
    const at = await startHttp(testApi.anotherProcess({ PUBLIC_URL: 'https://chat.example.org' }))
    const people = []
    for (const role of ['owner', 'admin', 'member'] as const) people.push(await newUser(testApi.deps, { role }))
    const [owner, admin, member] = people
    for (const { email } of people) await sendMail(testApi.deps, await newMail(testApi.deps, { to: email }))
    const seenBy = async (token: string) => new Set((await mailsAt(at, session(token))).map(({ to }) => to))
    expect(await seenBy(owner!.token)).toEqual(new Set(['stranger@example.org', ...people.map(({ email }) => email)]))
    expect(await seenBy(admin!.token)).toEqual(new Set(['stranger@example.org', admin!.email, member!.email]))
  })

  test('a hidden local mailbox answers like a page that does not exist', async () => {
    const missing = await get(base, '/dev/nothing', { host: 'evil.example' })
    const hidden = await get(base, '/dev/mail', { host: 'evil.example' })
    expect({ status: hidden.status, text: hidden.text }).toEqual({ status: missing.status, text: missing.text })
  })
})
