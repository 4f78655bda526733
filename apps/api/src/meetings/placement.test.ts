import { beforeAll, beforeEach, expect, it, onTestFinished } from 'vitest'
import { type TestApi, newTestApi } from '../test/harness.ts'
import { MediaNode } from '../test/nodes/media-node.ts'
import { join, meetingRow, newMeeting, newOnlyNode, newTab, seatOf } from '../test/meetings.ts'
import { markNodeDead } from '../nodes/known-nodes.ts'

let testApi: TestApi
let node: MediaNode
beforeAll(async () => {
  testApi = await newTestApi()
})
beforeEach(async () => {
  node = await newOnlyNode(testApi)
})
async function newNode(): Promise<MediaNode> {
  const started = await MediaNode.start(testApi.deps)
  onTestFinished(() => started.kill())
  return started
}

async function two() {
  const { people, meetingId } = await newMeeting(testApi.deps)
  return { meetingId, anna: people[0]!, boris: people[1]! }
}

it('people who join at once are all placed on the node that the first join chose', async () => {
  await newNode()
  const { people, meetingId } = await newMeeting(testApi.deps, 5)
  const answers = await Promise.all(people.map((who) => join(testApi.deps, who, meetingId)))
  expect(new Set(answers.map((answer) => answer.node.boot)).size).toBe(1)
  expect((await meetingRow(testApi.deps, meetingId)).epoch).toBe(1)
})

it('a meeting cannot be joined when no node lives or all are full', async () => {
  const { meetingId, anna } = await two()
  node.full = true
  await node.beat()
  await expect(join(testApi.deps, anna, meetingId)).rejects.toThrow('meeting.no_node')
  node.full = false
  await node.beat()
  await node.silence()
  await markNodeDead(testApi.deps.db, node)
  await expect(join(testApi.deps, anna, meetingId)).rejects.toThrow('meeting.no_node')
  expect(await testApi.deps.db.selectFrom('seats').select('id').where('meeting_id', '=', meetingId).execute()).toEqual(
    [],
  )
})

it('a meeting whose node has died moves to another node with a higher epoch, and everybody keeps their seat', async () => {
  const other = await newNode()
  const { meetingId, anna, boris } = await two()
  const tab = newTab()
  const before = await join(testApi.deps, anna, meetingId, { tab })
  const borisBefore = await join(testApi.deps, boris, meetingId)
  const home = [node, other].find(({ id }) => id === before.node.id)!
  await home.silence()
  await markNodeDead(testApi.deps.db, home)
  const after = await join(testApi.deps, anna, meetingId, { tab, returning: true })
  expect(after.node.id).not.toBe(before.node.id)
  expect(after).toMatchObject({ seat: { id: before.seat.id }, seatEpoch: 2 })
  expect((await meetingRow(testApi.deps, meetingId)).epoch).toBe(2)
  expect(await seatOf(testApi.deps, meetingId, boris)).toMatchObject({ state: 'in', epoch: borisBefore.seatEpoch })
})

it('a meeting whose node has restarted is placed on the new boot of that node', async () => {
  const { meetingId, anna } = await two()
  await join(testApi.deps, anna, meetingId)
  await node.restart()
  const after = await join(testApi.deps, anna, meetingId)
  expect(after.node).toEqual({ id: node.id, boot: node.boot })
  expect((await meetingRow(testApi.deps, meetingId)).epoch).toBe(2)
})

it('a client that reports its node as failed stays there when the node answers, and is moved at once when nothing listens there', async () => {
  const { meetingId, anna } = await two()
  const other = await newNode()
  await testApi.deps.nodeWatch.round()
  const tab = newTab()
  const joined = await join(testApi.deps, anna, meetingId, { tab })
  const failed = { nodeId: joined.node.id, boot: joined.node.boot }
  const again = await join(testApi.deps, anna, meetingId, { tab, returning: true, failed })
  expect(again.node).toEqual(joined.node)
  const home = [node, other].find(({ id }) => id === joined.node.id)!
  await home.kill()
  const moved = await join(testApi.deps, anna, meetingId, { tab, returning: true, failed })
  expect(moved.node.id).not.toBe(joined.node.id)
  const late = await join(testApi.deps, anna, meetingId, { tab, returning: true, failed })
  expect(late.node).toEqual(moved.node)
})

it('a living node is told that its meeting has moved away', async () => {
  const { meetingId, anna } = await two()
  const joined = await join(testApi.deps, anna, meetingId)
  node.enter(joined)
  node.full = true
  await node.beat()
  const other = await newNode()
  await testApi.passTime(31_000)
  await Promise.all([node.beat(), other.beat()])
  expect((await join(testApi.deps, anna, meetingId)).node.id).toBe(other.id)
  await expect.poll(() => node.rooms.size).toBe(0)
  expect(node.updates.at(-1)).toMatchObject({ meeting: meetingId, state: 'moved', epoch: 2 })
})

it('a join answers the own address of a node only when the settings allow it', async () => {
  const { meetingId, anna } = await two()
  node.url = 'wss://sfu-2.example.org/signal'
  await node.beat()
  expect((await join(testApi.deps, anna, meetingId)).sfuUrl).toBe(`/sfu/${node.id}`)
  const open = testApi.anotherProcess({ SFU_ORIGINS: 'wss://sfu-2.example.org' })
  expect((await join(open, anna, meetingId)).sfuUrl).toBe(node.url)
  node.url = 'no address at all'
  await node.beat()
  expect((await join(open, anna, meetingId)).sfuUrl).toBe(`/sfu/${node.id}`)
})
