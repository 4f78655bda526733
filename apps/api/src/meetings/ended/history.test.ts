import { type ChatId, type MeetingId, newId } from '@veche/shared/ids'
import { limits } from '@veche/shared/limits'
import { beforeAll, expect, it } from 'vitest'
import { newGroup, newUser, type TestUser } from '../../test/builders.ts'
import { callerFor, type TestApi, newTestApi } from '../../test/harness.ts'
import { MediaNode } from '../../test/nodes/media-node.ts'
import { addEndedMeetings, join, leave } from '../../test/meetings.ts'
import { endEmptyMeeting } from '../meeting-end.ts'
import { sweepMeetings } from '../sweep.ts'

let testApi: TestApi
let node: MediaNode
let anna: TestUser
let boris: TestUser
beforeAll(async () => {
  testApi = await newTestApi()
  node = await MediaNode.start(testApi.deps)
  ;[anna, boris] = [await newUser(testApi.deps), await newUser(testApi.deps)]
})
const as = (who: TestUser) => callerFor(testApi.deps, who)

/** Lets time pass while the node sends heartbeats. */
async function pass(ms: number): Promise<void> {
  await testApi.passTime(ms)
  await node.beat()
}

/** Begins a call without video, which nobody joins but Anna. */
async function meetWithoutVideo(chatId: ChatId): Promise<void> {
  const { meetingId } = await as(anna).meetings.start({ id: newId<MeetingId>(), chatId, audio: true })
  await leave(testApi.deps, anna, await join(testApi.deps, anna, meetingId))
  await endEmptyMeeting(testApi.deps, meetingId, 0)
}

async function meet(chatId: ChatId, ...people: TestUser[]): Promise<MeetingId> {
  const { meetingId } = await as(anna).meetings.start({ id: newId<MeetingId>(), chatId })
  for (const who of people) {
    await leave(testApi.deps, who, await join(testApi.deps, who, meetingId))
  }
  await endEmptyMeeting(testApi.deps, meetingId, 0)
  return meetingId
}

it('the history has the ended meetings that a person was in, the newest first, with the number of people', async () => {
  const chatId = await newGroup(testApi.deps, [anna, boris])
  const first = await meet(chatId, anna, boris)
  await pass(60_000)
  const second = await meet(chatId, anna)
  expect((await as(anna).meetings.history({})).meetings).toMatchObject([
    { meetingId: second, people: 1, chatId },
    { meetingId: first, people: 2 },
  ])
  expect((await as(boris).meetings.history({})).meetings).toMatchObject([{ meetingId: first }])
  expect((await as(await newUser(testApi.deps)).meetings.history({})).meetings).toEqual([])
})

it('the history tells an audio call from a video call', async () => {
  const chatId = await newGroup(testApi.deps, [anna])
  await meet(chatId, anna)
  await pass(60_000)
  await meetWithoutVideo(chatId)
  const { meetings } = await as(anna).meetings.history({})
  expect(meetings.slice(0, 2).map(({ audio }) => audio)).toEqual([true, false])
})

it('the history has no meetings of a chat that the person has left, and no live meetings', async () => {
  const carla = await newUser(testApi.deps)
  const left = await newGroup(testApi.deps, [anna, carla])
  await meet(left, carla)
  const open = await newGroup(testApi.deps, [anna, carla])
  const { meetingId } = await as(anna).meetings.start({ id: newId<MeetingId>(), chatId: open })
  await join(testApi.deps, carla, meetingId)
  await as(carla).chats.leave({ chatId: left })
  expect(await as(carla).meetings.history({})).toEqual({ meetings: [], next: null })
})

it('the pages of the history have each meeting exactly once', async () => {
  const daria = await newUser(testApi.deps)
  const chatId = await newGroup(testApi.deps, [anna, daria])
  const last = await meet(chatId, daria)
  // All of them ended at the same moment, so only the id orders them.
  await addEndedMeetings(testApi.deps, { meetingId: last, userId: daria.userId, count: limits.page.meetings + 1 })
  const ended = testApi.deps.db.selectFrom('meetings').select('id').where('chat_id', '=', chatId)
  const all = (await ended.execute()).map(({ id }) => id)
  const page = await as(daria).meetings.history({})
  const rest = await as(daria).meetings.history({ cursor: page.next })
  expect(page.meetings).toHaveLength(limits.page.meetings)
  expect(rest.next).toBeNull()
  expect(new Set([...page.meetings, ...rest.meetings].map((each) => each.meetingId))).toEqual(new Set(all))
  expect(page.meetings.length + rest.meetings.length).toBe(all.length)
})

const yearZero = `0000-01-01T00:00:00Z/${newId<MeetingId>()}`

it.each(['', 'x', yearZero, '2026-01-01T00:00:00.000Z/', `/${newId<MeetingId>()}`, 'tomorrow/later'])(
  'the history refuses the malformed cursor "%s"',
  async (cursor) => {
    await expect(as(anna).meetings.history({ cursor })).rejects.toMatchObject({ code: 'BAD_REQUEST' })
  },
)

it('a meeting created with a link stays open for an hour until the first person joins, and ends soon after the last one has left', async () => {
  const given = { id: newId<MeetingId>(), chatId: newId<ChatId>(), title: 'Harbour' }
  const { code } = await as(anna).meetings.create(given)
  await pass(50 * 60_000)
  await sweepMeetings(testApi.deps)
  expect(await as(boris).meetings.byCode({ code })).toMatchObject({ state: 'live' })
  await leave(testApi.deps, anna, await join(testApi.deps, anna, given.id))
  await pass(31_000)
  await sweepMeetings(testApi.deps)
  expect(await as(anna).meetings.get({ meetingId: given.id })).toMatchObject({ state: 'ended' })
})

it('a meeting created with a link that nobody joins ends after an hour', async () => {
  const given = { id: newId<MeetingId>(), chatId: newId<ChatId>(), title: 'Nobody' }
  await as(anna).meetings.create(given)
  await pass(61 * 60_000)
  await sweepMeetings(testApi.deps)
  expect(await as(anna).meetings.get({ meetingId: given.id })).toMatchObject({ state: 'ended' })
})
