import { newId } from '@veche/shared/ids'
import { beforeAll, expect, it } from 'vitest'
import { newUser } from '../../test/builders.ts'
import { callerFor, type TestApi, newTestApi } from '../../test/harness.ts'
import { MediaNode } from '../../test/nodes/media-node.ts'
import { join, leave, newMeeting } from '../../test/meetings.ts'
import { Observer } from '../../test/Observer.ts'

let testApi: TestApi
beforeAll(async () => {
  testApi = await newTestApi()
  await MediaNode.start(testApi.deps)
})

it('the members of a chat are told who is in its meeting, and other people are not', async () => {
  const { people, meetingId, chatId } = await newMeeting(testApi.deps)
  const [anna, boris] = [people[0]!, people[1]!]
  const member = await Observer.open(testApi.deps, boris)
  const stranger = await Observer.open(testApi.deps, await newUser(testApi.deps))
  const joined = await join(testApi.deps, anna, meetingId)
  const preview = (count: number, userIds: string[]) => ({ kind: 'meeting', chatId, meetingId, count, userIds })
  await expect.poll(() => member.signals.at(-1)).toEqual(preview(1, [anna.userId]))
  await leave(testApi.deps, anna, joined)
  await expect.poll(() => member.signals.at(-1)).toEqual(preview(0, []))
  expect(stranger.signals).toEqual([])
})

it('many joins at once are signalled once a second, and the last signal has the right number', async () => {
  const { people, meetingId } = await newMeeting(testApi.deps, 8)
  const member = await Observer.open(testApi.deps, people[0]!)
  const startedAt = Date.now()
  await Promise.all(people.map((who) => join(testApi.deps, who, meetingId)))
  const previews = () => member.signals.filter((signal) => signal.kind === 'meeting')
  await expect.poll(() => previews().at(-1)).toMatchObject({ count: 8 })
  expect(previews().length).toBeLessThanOrEqual(2 + Math.floor((Date.now() - startedAt) / 1_000))
  expect(previews().at(-1)?.userIds).toHaveLength(5)
})

it('joining and leaving a meeting do not change the revision of its chat', async () => {
  const { people, meetingId, chatId } = await newMeeting(testApi.deps)
  const rev = async () => (await callerFor(testApi.deps, people[0]!).sync.scope({ id: chatId, since: 0 })).rev
  const before = await rev()
  for (const who of people) await leave(testApi.deps, who, await join(testApi.deps, who, meetingId, { tab: newId() }))
  expect(await rev()).toBe(before)
})
