import { type MailId, newId } from '@veche/shared/ids'
import { beforeAll, describe, expect, test } from 'vitest'
import { newUser, type TestUser } from '../test/builders.ts'
import { callerFor, type TestApi, newTestApi } from '../test/harness.ts'
import { minuteMs, newMail, mailRow, sendMail } from '../test/mail/mails.ts'
import { outcomeOf } from '../test/outcome.ts'
import { mailServer } from '../test/mail/smtp.ts'

const kind = 'mail.send'

describe('mail that was given up', () => {
  let testApi: TestApi
  let admin: TestUser
  beforeAll(async () => {
    testApi = await newTestApi()
    admin = await newUser(testApi.deps, { role: 'admin' })
  })
  const api = () => callerFor(testApi.deps, admin)

  async function givenUp(): Promise<MailId> {
    const refusing = await mailServer({
      onRcptTo: (_address, _session, callback) =>
        callback(Object.assign(new Error('no such mailbox'), { responseCode: 550 })),
    })
    const deps = testApi.anotherProcess({ SMTP_URL: refusing.url })
    const id = await newMail(deps, { to: 'olga@example.org' })
    await sendMail(deps, id)
    return id
  }

  test('a mail that was given up is shown with the reason in the language of the administrator, and without its content', async () => {
    const id = await givenUp()
    const { work } = await api().admin.givenUpWork()
    const shown = work.find((row) => row.id === id)
    expect(shown).toMatchObject({ kind: 'mail.send', name: 'olga@example.org', word: 'reset', attempts: 1 })
    expect(shown?.error).toMatch(/^The mail server refused the address\. \(.*no such mailbox/)
    expect(JSON.stringify(work)).not.toContain('123456')
    await api().users.updateSettings({ locale: 'ru' })
    expect((await api().admin.givenUpWork()).work[0]?.error).toMatch(/^Почтовый сервер не принял адрес\./)
  })

  test('a mail that was given up has all its tries again when an administrator retries it', async () => {
    const id = await givenUp()
    await api().admin.retryWork({ kind, id })
    expect(await mailRow(testApi.deps, id)).toMatchObject({ state: 'due', attempts: 0, error: null })
    await sendMail(testApi.deps, id)
    expect((await mailRow(testApi.deps, id)).state).toBe('done')
    expect(await outcomeOf(api().admin.retryWork({ kind, id }))).toBe('work.not_found')
  })

  test('a mail that is retried after its code has expired is not sent, and says so', async () => {
    const id = await givenUp()
    await testApi.passTime(11 * minuteMs)
    await api().admin.retryWork({ kind, id })
    await sendMail(testApi.deps, id)
    await api().users.updateSettings({ locale: 'en' })
    const { work } = await api().admin.givenUpWork()
    expect(work.find((row) => row.id === id)?.error).toBe(
      'What this mail was to bring had expired before it could be sent.',
    )
  })

  test('a discarded mail disappears from the list, and its secret is deleted', async () => {
    const id = await givenUp()
    await api().admin.discardWork({ kind, id })
    expect(await mailRow(testApi.deps, id)).toMatchObject({ state: 'discarded' })
    expect(JSON.stringify((await mailRow(testApi.deps, id)).data)).not.toContain('123456')
    expect((await api().admin.givenUpWork()).work.map((row) => row.id)).not.toContain(id)
    for (const call of [() => api().admin.discardWork({ kind, id }), () => api().admin.retryWork({ kind, id })])
      expect(await outcomeOf(call())).toBe('work.not_found')
  })

  test('only mails that were given up can be retried or discarded', async () => {
    const due = await newMail(testApi.deps)
    for (const id of [due, newId<MailId>()]) {
      expect(await outcomeOf(api().admin.retryWork({ kind, id }))).toBe('work.not_found')
      expect(await outcomeOf(api().admin.discardWork({ kind, id }))).toBe('work.not_found')
    }
    expect((await mailRow(testApi.deps, due)).state).toBe('due')
  })

  test('a mail that two administrators retry at the same time is due once', async () => {
    const id = await givenUp()
    const outcomes = await Promise.all([1, 2].map(() => outcomeOf(api().admin.retryWork({ kind, id }))))
    expect(outcomes.sort()).toEqual(['ok', 'work.not_found'])
  })
})
