import { type MeetingId, newId, type TabId } from '@veche/shared/ids'
import { beforeAll, expect, it, vi } from 'vitest'
import { createApp } from '../app.ts'
import { newGroup, newUser, type TestUser } from '../test/builders.ts'
import { afterFile } from '../test/cleanup.ts'
import { callerFor, type TestApi, newTestApi } from '../test/harness.ts'
import { Caller, waitUnderLoad, realNode } from '../test/nodes/real-node.ts'

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

it('a real media node accepts tickets through our own address, reports who is there, closes removed people, and its death is found at once', async () => {
  const nodes = await Promise.all(['real-0', 'real-1'].map((id) => realNode(testApi.deps, id, control)))
  const [anna, boris] = people as [TestUser, TestUser]
  const chatId = await newGroup(testApi.deps, people)
  const { meetingId } = await as(anna).meetings.start({ id: newId<MeetingId>(), chatId })
  const tab = newId<TabId>()
  const joined = await as(anna).meetings.join({ meetingId, tab })
  const home = nodes.find(({ id }) => id === joined.node.id)!
  const other = nodes.find(({ id }) => id !== joined.node.id)!
  const one = new Caller(base, joined)
  expect(await one.frame('joined')).toMatchObject({ meetingId, seatId: joined.seat.id })
  const two = new Caller(base, await as(boris).meetings.join({ meetingId, tab: newId<TabId>() }))
  await two.frame('joined')
  await one.frame('peer')

  await as(anna).chats.removeMember({ chatId, userId: boris.userId })
  expect(await two.frame('ended')).toMatchObject({ reason: 'removed' })
  await one.frame('peerGone')

  await home.kill()
  await vi.waitFor(() => expect(one.closedAt).toBeDefined(), waitUnderLoad)
  const failed = { nodeId: home.id, boot: home.boot }
  const rejoined = await as(anna).meetings.join({ meetingId, tab, returning: true, failed })
  expect(rejoined.node).toEqual({ id: other.id, boot: other.boot })
  expect(await new Caller(base, rejoined).frame('joined')).toMatchObject({ seatId: joined.seat.id })
}, 300_000)

it('a meeting that was placed on a full media node moves to one with room when its first person is refused, and stays there', async () => {
  // The nodes of the test before do not run any more.
  await testApi.deps.db.updateTable('sfu_nodes').set({ draining: true }).execute()
  const [full, free] = await Promise.all([
    realNode(testApi.deps, 'full-0', control, { SFU_FULL_LOAD: '0' }),
    realNode(testApi.deps, 'free-0', control),
  ])
  const [anna, boris] = people as [TestUser, TestUser]
  const chatId = await newGroup(testApi.deps, people)
  const { meetingId } = await as(anna).meetings.start({ id: newId<MeetingId>(), chatId })
  // The node filled up between the placement and the join.
  const placed = { node_id: full.id, node_boot: full.boot, epoch: 1, moved_at: new Date() }
  await testApi.deps.db.updateTable('meetings').set(placed).where('id', '=', meetingId).execute()
  const tab = newId<TabId>()
  const joined = await as(anna).meetings.join({ meetingId, tab })
  expect(joined.node.id).toBe(full.id)
  const refused = new Caller(base, joined)
  await vi.waitFor(() => expect(refused.refusal).toBe('server.busy'), waitUnderLoad)
  const failed = { nodeId: full.id, boot: full.boot }
  // A second person has a seat, but nobody is in the room.
  await as(boris).meetings.join({ meetingId, tab: newId<TabId>() })
  const moved = await as(anna).meetings.join({ meetingId, tab, failed })
  expect(moved.node.id).toBe(free.id)
  await new Caller(base, moved).frame('joined')
  const late = await as(boris).meetings.join({ meetingId, tab: newId<TabId>(), failed })
  expect(late.node.id).toBe(free.id)
}, 300_000)
