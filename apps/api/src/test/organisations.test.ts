import { randomUUID } from 'node:crypto'
import { type ChatId, newId } from '@veche/shared/ids'
import { beforeAll, expect, onTestFinished, test, vi } from 'vitest'
import type { Deps } from '../deps.ts'
import { startWorker } from '../worker.ts'
import { newUser, say } from './builders.ts'
import { callerFor, newTestApi, type TestApi } from './harness.ts'
import { mailRow, newNudgedMail } from './mail/mails.ts'
import { Observer } from './Observer.ts'
import { outcomeOf } from './outcome.ts'
import { mailServer } from './mail/smtp.ts'
import { waitBounds } from './waiting.ts'

const never = 3_600_000

/** Two organisations in one process: two databases, one Redis, one queue. */
let apis: [TestApi, TestApi]
let north: Deps
let south: Deps
beforeAll(async () => {
  const REDIS_PREFIX = `test-${randomUUID()}`
  const started = ['north', 'south'].map((name) => newTestApi({ REDIS_PREFIX, ORGANISATION: name }))
  apis = (await Promise.all(started)) as [TestApi, TestApi]
  north = apis[0].deps
  south = apis[1].deps
})

test('no frame and no signal crosses from one organisation to another, even when their chats have the same id', async () => {
  const id = newId<ChatId>()
  const [anna, vera] = [await newUser(north), await newUser(south)]
  const [boris, dina] = [await newUser(north), await newUser(south)]
  await callerFor(north, anna).chats.createGroup({ id, title: 'North', userIds: [boris.userId] })
  await callerFor(south, vera).chats.createGroup({ id, title: 'South', userIds: [dina.userId] })
  const [inNorth, inSouth] = [await Observer.open(north, boris), await Observer.open(south, dina)]
  const before = inSouth.frames.length
  await say(north, anna, id, 'only for the north')
  await callerFor(north, anna).messages.typing({ chatId: id })
  await vi.waitFor(() => expect(inNorth.signals.map(({ kind }) => kind)).toContain('typing'), waitBounds)
  await say(south, vera, id, 'only for the south')
  await vi.waitFor(() => expect(inSouth.frames.length).toBeGreaterThan(before), waitBounds)
  expect(JSON.stringify(inSouth.frames)).not.toContain('north')
  expect(inSouth.signals.map(({ kind }) => kind)).not.toContain('typing')
  expect(await outcomeOf(callerFor(south, anna).messages.history({ chatId: id }))).toBe('auth.required')
  inNorth.close()
  inSouth.close()
})

test('one queue serves both, and each row is done with the database and the mail server of its organisation', async () => {
  const [northern, southern] = [await mailServer(), await mailServer()]
  const [inNorth, inSouth] = apis
  const organisations: [Deps, Deps] = [
    inNorth.anotherProcess({ SMTP_URL: northern.url }),
    inSouth.anotherProcess({ SMTP_URL: southern.url }),
  ]
  const stop = startWorker(organisations, { sweepMs: never, retentionMs: never, meetingsMs: never })
  onTestFinished(stop)
  const [mail, otherMail] = [await newNudgedMail(north), await newNudgedMail(south)]
  await vi.waitFor(async () => {
    expect((await mailRow(north, mail)).state).toBe('done')
    expect((await mailRow(south, otherMail)).state).toBe('done')
  }, waitBounds)
  expect([northern.received.length, southern.received.length]).toEqual([1, 1])
})

test('a limit that is reached in one organisation is not reached in the other', async () => {
  for (let count = 0; count < 60; count += 1) await north.limits.take('link', 'the same address')
  expect(await outcomeOf(north.limits.take('link', 'the same address'))).toBe('request.too_many')
  expect(await outcomeOf(south.limits.take('link', 'the same address'))).toBe('ok')
})
