import { type ChatId, type MeetingId, newId } from '@veche/shared/ids'
import { limits } from '@veche/shared/limits'
import { beforeAll, describe, expect, it } from 'vitest'
import { newGroup, newUser, type TestUser } from '../test/builders.ts'
import { callerFor, type TestApi, newTestApi } from '../test/harness.ts'
import { MediaNode } from '../test/media-node.ts'
import { addPast, join, leave } from '../test/meetings.ts'
import { endEmpty } from './ending.ts'
import { sweepMeetings } from './sweep.ts'

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

/** The node is heard all the while. */
async function pass(ms: number): Promise<void> {
  await testApi.passTime(ms)
  await node.beat()
}

async function meet(chatId: ChatId, ...people: TestUser[]): Promise<MeetingId> {
  const { meetingId } = await as(anna).meetings.start({ id: newId<MeetingId>(), chatId })
  for (const who of people) {
    await leave(testApi.deps, who, await join(testApi.deps, who, meetingId))
  }
  await endEmpty(testApi.deps, meetingId, 0)
  return meetingId
}

describe('past meetings', () => {
  it('are those that one was in, the last one first, with how many came', async () => {
    const chatId = await newGroup(testApi.deps, [anna, boris])
    const first = await meet(chatId, anna, boris)
    await pass(60_000)
    const second = await meet(chatId, anna)
    expect((await as(anna).meetings.past({})).meetings).toMatchObject([
      { meetingId: second, people: 1, chatId },
      { meetingId: first, people: 2 },
    ])
    expect((await as(boris).meetings.past({})).meetings).toMatchObject([{ meetingId: first }])
    expect((await as(await newUser(testApi.deps)).meetings.past({})).meetings).toEqual([])
  })

  it('do not tell of a chat that one is no longer in, nor of what still goes on', async () => {
    const carla = await newUser(testApi.deps)
    const left = await newGroup(testApi.deps, [anna, carla])
    await meet(left, carla)
    const open = await newGroup(testApi.deps, [anna, carla])
    const { meetingId } = await as(anna).meetings.start({ id: newId<MeetingId>(), chatId: open })
    await join(testApi.deps, carla, meetingId)
    await as(carla).chats.leave({ chatId: left })
    expect(await as(carla).meetings.past({})).toEqual({ meetings: [], next: null })
  })

  it('come page by page, none twice and none left out', async () => {
    const daria = await newUser(testApi.deps)
    const chatId = await newGroup(testApi.deps, [anna, daria])
    const last = await meet(chatId, daria)
    // All of them ended at one moment.
    await addPast(testApi.deps, { meetingId: last, userId: daria.userId, count: limits.page.meetings + 1 })
    const ended = testApi.deps.db.selectFrom('meetings').select('id').where('chat_id', '=', chatId)
    const all = (await ended.execute()).map(({ id }) => id)
    const page = await as(daria).meetings.past({})
    const rest = await as(daria).meetings.past({ cursor: page.next })
    expect(page.meetings).toHaveLength(limits.page.meetings)
    expect(rest.next).toBeNull()
    expect(new Set([...page.meetings, ...rest.meetings].map((each) => each.meetingId))).toEqual(new Set(all))
    expect(page.meetings.length + rest.meetings.length).toBe(all.length)
  })

  it.each(['', 'x', '2026-01-01T00:00:00.000Z/', `/${newId<MeetingId>()}`, 'tomorrow/later'])(
    'refuse the cursor "%s"',
    async (cursor) => {
      await expect(as(anna).meetings.past({ cursor })).rejects.toMatchObject({ code: 'BAD_REQUEST' })
    },
  )
})

describe('a meeting that began with a link', () => {
  it('waits for the first to come as long as it takes to send the link, and ends soon after the last one left', async () => {
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

  it('to which nobody ever came ends after an hour', async () => {
    const given = { id: newId<MeetingId>(), chatId: newId<ChatId>(), title: 'Nobody' }
    await as(anna).meetings.create(given)
    await pass(61 * 60_000)
    await sweepMeetings(testApi.deps)
    expect(await as(anna).meetings.get({ meetingId: given.id })).toMatchObject({ state: 'ended' })
  })
})
