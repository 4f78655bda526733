import { newId } from '@veche/shared/ids'
import { beforeAll, expect, it } from 'vitest'
import { newUser } from '../test/builders.ts'
import { callerFor, type TestApi, newTestApi } from '../test/harness.ts'
import { MediaNode } from '../test/media-node.ts'
import { join, leave, newMeeting } from '../test/meetings.ts'
import { Observer } from '../test/Observer.ts'

let testApi: TestApi
beforeAll(async () => {
  testApi = await newTestApi()
  await MediaNode.start(testApi.deps)
})

it('the people of the chat hear who is in its meeting, and nobody else does', async () => {
  const { people, meetingId, chatId } = await newMeeting(testApi.deps)
  const [anna, boris] = [people[0]!, people[1]!]
  const watching = await Observer.open(testApi.deps, boris)
  const stranger = await Observer.open(testApi.deps, await newUser(testApi.deps))
  const joined = await join(testApi.deps, anna, meetingId)
  const told = (count: number, userIds: string[]) => ({ kind: 'meeting', chatId, meetingId, count, userIds })
  await expect.poll(() => watching.signals.at(-1)).toEqual(told(1, [anna.userId]))
  await leave(testApi.deps, anna, joined)
  await expect.poll(() => watching.signals.at(-1)).toEqual(told(0, []))
  expect(stranger.signals).toEqual([])
})

it('a crowd that comes at once is told of once a second, with the right number in the end', async () => {
  const { people, meetingId } = await newMeeting(testApi.deps, 8)
  const watching = await Observer.open(testApi.deps, people[0]!)
  const begun = Date.now()
  await Promise.all(people.map((who) => join(testApi.deps, who, meetingId)))
  const told = () => watching.signals.filter((signal) => signal.kind === 'meeting')
  await expect.poll(() => told().at(-1)).toMatchObject({ count: 8 })
  expect(told().length).toBeLessThanOrEqual(2 + Math.floor((Date.now() - begun) / 1_000))
  expect(told().at(-1)?.userIds).toHaveLength(5)
})

it('comings and goings touch the chat not at all', async () => {
  const { people, meetingId, chatId } = await newMeeting(testApi.deps)
  const rev = async () => (await callerFor(testApi.deps, people[0]!).sync.scope({ id: chatId, since: 0 })).rev
  const before = await rev()
  for (const who of people) await leave(testApi.deps, who, await join(testApi.deps, who, meetingId, { tab: newId() }))
  expect(await rev()).toBe(before)
})
