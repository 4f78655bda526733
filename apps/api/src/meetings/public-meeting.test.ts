import { type ChatId, type MeetingId, newId } from '@veche/shared/ids'
import { beforeAll, expect, it } from 'vitest'
import type { AppError } from '../errors.ts'
import { appRouter } from '../router.ts'
import { newUser, type TestUser } from '../test/builders.ts'
import { callerFor, contextFor, newTestApi, type TestApi } from '../test/harness.ts'
import { newMeeting } from '../test/meetings.ts'
import { MediaNode } from '../test/nodes/media-node.ts'
import { outcomeOf } from '../test/outcome.ts'
import { callerFactory } from '../trpc.ts'
import { endEmptyMeeting } from './meeting-end.ts'

let testApi: TestApi
let anna: TestUser
beforeAll(async () => {
  testApi = await newTestApi()
  await MediaNode.start(testApi.deps)
  anna = await newUser(testApi.deps)
})
const nobody = () => callerFor(testApi.deps, null).meetings
const newOpenMeeting = (title: string) =>
  callerFor(testApi.deps, anna).meetings.create({ id: newId<MeetingId>(), chatId: newId<ChatId>(), title })

it('a link tells people who are not signed in the title and the state of a meeting that is open to everyone, and nothing else', async () => {
  const { code } = await newOpenMeeting('Harbour')
  expect(await nobody().publicByCode({ code })).toEqual({ title: 'Harbour', state: 'live' })
})

it('a link to a meeting for members only tells people who are not signed in no title', async () => {
  const { code } = await newMeeting(testApi.deps)
  expect(await nobody().publicByCode({ code })).toEqual({ title: null, state: 'live' })
})

it('a link tells people who are not signed in that its meeting has ended, and no longer the title of the chat, which may have another name by now', async () => {
  const { code, meetingId } = await newOpenMeeting('Over')
  await endEmptyMeeting(testApi.deps, meetingId, 0)
  expect(await nobody().publicByCode({ code })).toEqual({ title: null, state: 'ended' })
})

it('a link with a wrong MAC is answered exactly like a link of an unknown meeting', async () => {
  const { code } = await newOpenMeeting('Harbour')
  const wrong = code.slice(0, -1) + (code.endsWith('a') ? 'b' : 'a')
  const answers = [wrong, '000000000-0000000000'].map((each) => nobody().publicByCode({ code: each }).catch(shown))
  const [known, unknown] = await Promise.all(answers)
  expect(known).toEqual(unknown)
  expect(known).toMatchObject({ code: 'meeting.not_found', details: {} })
})

it('an address that is not signed in may try sixty links a minute, and others are not slowed', async () => {
  const from = async (ip: string) => {
    const context = await contextFor(testApi.deps, null)
    const caller = callerFactory(appRouter)({ ...context, connection: { ...context.connection, ip } })
    return outcomeOf(caller.meetings.publicByCode({ code: '000000000-0000000000' }))
  }
  const outcomes = []
  for (let tries = 0; tries < 61; tries += 1) outcomes.push(await from('203.0.113.7'))
  expect(outcomes.slice(0, 60).every((outcome) => outcome === 'meeting.not_found')).toBe(true)
  expect(outcomes.at(-1)).toBe('request.too_many')
  expect(await from('203.0.113.8')).toBe('meeting.not_found')
})

function shown(thrown: { cause?: unknown }): unknown {
  const { code, details } = thrown.cause as AppError
  return { code, details }
}
