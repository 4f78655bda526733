import { type AddressInfo, createServer } from 'node:net'
import { beforeAll, describe, expect, test } from 'vitest'
import { inTransaction } from '../platform/transaction.ts'
import { afterFile } from '../test/cleanup.ts'
import { type TestApi, newTestApi } from '../test/harness.ts'
import { dueMails, minuteMs, newMail, mailRow, sendMail } from '../test/mail/mails.ts'
import { freePort, header, mailServer } from '../test/mail/smtp.ts'
import { queueMail } from './mails.ts'

describe('a mail', () => {
  let testApi: TestApi
  beforeAll(async () => {
    testApi = await newTestApi()
  })

  test('a mail is sent by SMTP as text and HTML with the Message-ID of its row, and its secret is deleted', async () => {
    const server = await mailServer()
    const deps = testApi.anotherProcess({ SMTP_URL: server.url, MAIL_FROM: 'Veche <veche@example.org>' })
    const id = await newMail(deps, { to: 'olga@example.org' })
    await sendMail(deps, id)
    const [mail] = server.received
    expect(mail).toMatchObject({ from: 'veche@example.org', to: ['olga@example.org'] })
    expect(header(mail!.raw, 'Message-ID')).toBe(`<${id}@localhost>`)
    expect(header(mail!.raw, 'Subject')).toBe('Your code for a new password: Veche')
    expect(header(mail!.raw, 'Auto-Submitted')).toBe('auto-generated')
    expect(mail!.raw).toContain('Content-Type: text/plain')
    expect(mail!.raw).toContain('Content-Type: text/html')
    expect(mail!.raw.match(/123456/g)).toHaveLength(2)
    expect(await mailRow(deps, id)).toMatchObject({ state: 'done', error: null, claimed_until: null })
    expect(JSON.stringify((await mailRow(deps, id)).data)).not.toContain('123456')
    await sendMail(deps, id)
    expect(server.received).toHaveLength(1)
  })

  test('a mail is sent once, however many workers claim it at the same time', async () => {
    const server = await mailServer()
    const deps = testApi.anotherProcess({ SMTP_URL: server.url })
    const other = testApi.anotherProcess({ SMTP_URL: server.url })
    const ids = [await newMail(deps), await newMail(deps), await newMail(deps)]
    await Promise.all(ids.flatMap((id) => [sendMail(deps, id), sendMail(other, id), sendMail(deps, id)]))
    expect(server.received).toHaveLength(3)
    expect((await mailRow(deps, ids[0]!)).attempts).toBe(1)
  })

  test('a mail is tried three times while the mail server is away, and then given up', async () => {
    const deps = testApi.anotherProcess({ SMTP_URL: `smtp://127.0.0.1:${await freePort()}` })
    const id = await newMail(deps)
    await sendMail(deps, id)
    expect(await mailRow(deps, id)).toMatchObject({ state: 'due', attempts: 1, wait: expect.closeTo(30, 0) })
    await sendMail(deps, id)
    expect((await mailRow(deps, id)).attempts).toBe(1)
    await testApi.passTime(31_000)
    await sendMail(deps, id)
    expect(await mailRow(deps, id)).toMatchObject({ state: 'due', attempts: 2, wait: expect.closeTo(300, 0) })
    await testApi.passTime(301_000)
    await sendMail(deps, id)
    const row = await mailRow(deps, id)
    expect(row).toMatchObject({ state: 'given_up', attempts: 3, error: expect.stringMatching(/^unreachable: /) })
  })

  test('a mail is sent when the mail server is back before the third try', async () => {
    const port = await freePort()
    const deps = testApi.anotherProcess({ SMTP_URL: `smtp://127.0.0.1:${port}` })
    const id = await newMail(deps)
    await sendMail(deps, id)
    const server = await mailServer()
    const back = testApi.anotherProcess({ SMTP_URL: server.url })
    await testApi.passTime(31_000)
    expect(await dueMails(back)).toContainEqual({ id })
    await sendMail(back, id)
    expect(await mailRow(back, id)).toMatchObject({ state: 'done', attempts: 2, error: null })
  })

  test('a mail that the server refuses for good is given up after one try', async () => {
    const server = await mailServer({
      onRcptTo: (_address, _session, callback) =>
        callback(Object.assign(new Error('no such mailbox'), { responseCode: 550 })),
    })
    const deps = testApi.anotherProcess({ SMTP_URL: server.url })
    const id = await newMail(deps)
    await sendMail(deps, id)
    const row = await mailRow(deps, id)
    expect(row).toMatchObject({
      state: 'given_up',
      attempts: 1,
      error: expect.stringMatching(/^address: .*no such mailbox/),
    })
  })

  test('a mail is tried again when the server says "later" or refuses the password', async () => {
    const later = await mailServer({
      onMailFrom: (_address, _session, callback) => callback(Object.assign(new Error('busy'), { responseCode: 451 })),
    })
    const locked = await mailServer({
      authOptional: false,
      onAuth: (_auth, _session, callback) => callback(new Error('wrong password')),
    })
    for (const [url, kind] of [
      [later.url, 'address'],
      [locked.url.replace('//', '//user:wrong@'), 'auth'],
    ] as const) {
      const deps = testApi.anotherProcess({ SMTP_URL: url })
      const id = await newMail(deps)
      await sendMail(deps, id)
      expect(await mailRow(deps, id)).toMatchObject({
        state: 'due',
        attempts: 1,
        error: expect.stringMatching(`^${kind}: `),
      })
    }
  })

  test('a mail whose worker stopped is sent by another one when the lease has run out', async () => {
    const slow = createServer(() => undefined)
    await new Promise<void>((resolve) => slow.listen(0, '127.0.0.1', resolve))
    afterFile(() => slow.close())
    const dying = testApi.anotherProcess({ SMTP_URL: `smtp://127.0.0.1:${(slow.address() as AddressInfo).port}` })
    const server = await mailServer()
    const healthy = testApi.anotherProcess({ SMTP_URL: server.url })
    const id = await newMail(dying)
    // The mail server never answers, so this send still runs when the test ends; only its claim matters here.
    sendMail(dying, id).catch(() => undefined)
    await expect.poll(async () => (await mailRow(dying, id)).claimed_until).not.toBeNull()
    await sendMail(healthy, id)
    expect(server.received).toHaveLength(0)
    expect(await dueMails(healthy)).not.toContainEqual({ id })
    await testApi.passTime(91_000)
    expect(await dueMails(healthy)).toContainEqual({ id })
    await sendMail(healthy, id)
    expect(server.received).toHaveLength(1)
    expect(header(server.received[0]!.raw, 'Message-ID')).toBe(`<${id}@localhost>`)
    expect(await mailRow(healthy, id)).toMatchObject({ state: 'done', attempts: 2 })
  })

  test('a mail that ends the worker each time is given up', async () => {
    const deps = testApi.anotherProcess()
    const id = await newMail(deps)
    await deps.db.updateTable('mails').set({ attempts: 3 }).where('id', '=', id).execute()
    await sendMail(deps, id)
    expect(await mailRow(deps, id)).toMatchObject({ state: 'given_up', error: 'killed' })
  })

  test('a mail is not sent after its code has expired', async () => {
    const server = await mailServer()
    const deps = testApi.anotherProcess({ SMTP_URL: server.url })
    const id = await newMail(deps)
    await testApi.passTime(10 * minuteMs)
    await sendMail(deps, id)
    expect(server.received).toHaveLength(0)
    expect(await mailRow(deps, id)).toMatchObject({ state: 'given_up', error: 'expired' })
    expect(JSON.stringify((await mailRow(deps, id)).data)).not.toContain('123456')
  })

  test('a name cannot smuggle headers, recipients or markup into a mail', async () => {
    const server = await mailServer()
    const deps = testApi.anotherProcess({ SMTP_URL: server.url, SERVER_NAME: 'Evil" <b>' })
    const inviter = 'Eve\r\nBcc: victim@example.org\r\n\r\n<script>alert(1)</script>'
    await sendMail(deps, await newMail(deps, { inviter, to: 'olga@example.org' }))
    const [mail] = server.received
    expect(mail!.to).toEqual(['olga@example.org'])
    expect(header(mail!.raw, 'Bcc')).toBeUndefined()
    const html = mail!.raw.slice(mail!.raw.indexOf('<!doctype html>'))
    expect(html).toContain('&#60;script&#62;')
    expect(html).not.toMatch(/<script>|<b>/)
  })

  test('a mail server that answers a byte at a time makes the try fail by its timeout', async () => {
    const trickle = createServer((socket) => {
      const timer = setInterval(() => socket.write('2'), 50)
      socket.on('close', () => clearInterval(timer))
      socket.on('error', () => undefined)
    })
    await new Promise<void>((resolve) => trickle.listen(0, '127.0.0.1', resolve))
    afterFile(() => trickle.close())
    const deps = testApi.anotherProcess({
      SMTP_URL: `smtp://127.0.0.1:${(trickle.address() as AddressInfo).port}?greetingTimeout=300`,
    })
    const id = await newMail(deps)
    await sendMail(deps, id)
    expect(await mailRow(deps, id)).toMatchObject({
      state: 'due',
      attempts: 1,
      error: expect.stringMatching(/^timeout/),
    })
  })

  test('a mail of a transaction that did not commit does not exist', async () => {
    const before = (await dueMails(testApi.deps)).length
    const expiresAt = new Date().toISOString()
    const letter = { template: 'reset' as const, code: '1', expiresAt }
    await inTransaction(testApi.deps, async (tx) => {
      await queueMail(tx, { to: 'a@example.org', locale: 'en', letter })
      throw new Error('the reason does not matter')
    }).catch(() => undefined)
    expect(await dueMails(testApi.deps)).toHaveLength(before)
  })
})
