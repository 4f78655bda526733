import { type MeetingId, newId, type TabId } from '@veche/shared/ids'
import { beforeAll, describe, expect, it, vi } from 'vitest'
import { createApp } from '../app.ts'
import { newGroup, newUser, type TestUser } from '../test/builders.ts'
import { afterFile } from '../test/cleanup.ts'
import { callerFor, type TestApi, newTestApi } from '../test/harness.ts'
import { Caller, patiently, realNode } from '../test/real-node.ts'

let testApi: TestApi
let base: string
let control: string
let people: TestUser[]
beforeAll(async () => {
  testApi = await newTestApi()
  const app = await createApp(testApi.deps)
  afterFile(() => app.close())
  base = await app.http.listen({ host: '127.0.0.1', port: 0 })
  control = await app.control.listen({ host: '127.0.0.1', port: 0 })
  people = await Promise.all([1, 2, 3].map(() => newUser(testApi.deps)))
})
const as = (who: TestUser) => callerFor(testApi.deps, who)

describe('a process of the media node', () => {
  it('takes a ticket through our own address, tells who is there, obeys removals, and its death is found at once', async () => {
    const first = await realNode(testApi.deps, 'real-0', control)
    const [anna, boris] = people as [TestUser, TestUser]
    const chatId = await newGroup(testApi.deps, people)
    const { meetingId } = await as(anna).meetings.start({ id: newId<MeetingId>(), chatId })
    const tab = newId<TabId>()
    const joined = await as(anna).meetings.join({ meetingId, tab })
    const one = new Caller(base, joined)
    expect(await one.frame('joined')).toMatchObject({ meetingId, seatId: joined.seat.id })
    const two = new Caller(base, await as(boris).meetings.join({ meetingId, tab: newId<TabId>() }))
    await two.frame('joined')
    await one.frame('peer')

    await as(anna).chats.removeMember({ chatId, userId: boris.userId })
    expect(await two.frame('ended')).toMatchObject({ reason: 'removed' })
    await one.frame('peerGone')

    const second = await realNode(testApi.deps, 'real-1', control)
    await first.kill()
    await vi.waitFor(() => expect(one.closedAt).toBeDefined(), patiently)
    const failed = { nodeId: first.id, boot: first.boot }
    const back = await as(anna).meetings.join({ meetingId, tab, returning: true, failed })
    expect(back.node).toEqual({ id: second.id, boot: second.boot })
    expect(await new Caller(base, back).frame('joined')).toMatchObject({ seatId: joined.seat.id })
  }, 60_000)
})
