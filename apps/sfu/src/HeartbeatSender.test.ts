import { randomUUID } from 'node:crypto'
import type { MeetingId } from '@veche/shared/ids'
import type { Heartbeat } from '@veche/shared/nodes'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { routerCapabilities } from './media/codecs.ts'
import { startNode } from './running-node.ts'
import { TestApi, newSigner } from './test/TestApi.ts'
import { newDeps, newTestNode, type TestNode } from './test/TestNode.ts'
import { ManualClock } from './test/ManualClock.ts'

const clock = new ManualClock()
let testNode: TestNode
beforeAll(async () => {
  testNode = await newTestNode({ clock })
})
afterAll(() => testNode.close())

async function enter(meeting = randomUUID() as MeetingId) {
  const client = testNode.newClient()
  return { client, joined: await client.join(await testNode.newTicket({ meeting })), meeting }
}

/** Lets seconds pass until a heartbeat satisfies. */
async function heartbeat(satisfies: (heartbeat: Heartbeat) => boolean = () => true): Promise<Heartbeat> {
  const before = testNode.api.heartbeats.length
  for (;;) {
    await testNode.pass(1_000)
    const found = testNode.api.heartbeats.slice(before).find(satisfies)
    if (found) return found
  }
}

test('a heartbeat reports the node, its addresses and its seats', async () => {
  const { joined, meeting } = await enter()
  const beat = await heartbeat(({ meetings }) => meetings.length === 1)
  expect(beat).toMatchObject({
    node: 'sfu-0',
    boot: testNode.node.boot,
    signalling: `127.0.0.1:${testNode.ports.signalling}`,
    control: `127.0.0.1:${testNode.ports.control}`,
    url: null,
    workers: [{ rooms: 1, peers: 1, full: false }],
    meetings: [{ meeting, epoch: 1, rev: 0, seats: [{ seat: joined.seatId, epoch: 1, state: 'in' }] }],
  })
})

test('RTP capabilities are sent with the first heartbeat, and later while the API asks for them', async () => {
  expect(testNode.api.heartbeats[0]?.capabilities).toEqual(JSON.parse(JSON.stringify(routerCapabilities)))
  const plain = await heartbeat()
  expect(plain.capabilities).toBeUndefined()
  testNode.api.wantCapabilities = true
  await heartbeat(({ capabilities }) => capabilities !== undefined)
  testNode.api.wantCapabilities = false
  await heartbeat(({ capabilities }) => capabilities === undefined)
})

test('updates come with the answer to a heartbeat, and the next heartbeat reports the applied revision', async () => {
  const { client, joined, meeting } = await enter()
  const seats = [{ seat: joined.seatId, epoch: 1, state: 'in' as const, capabilities: ['chat' as const] }]
  testNode.api.updates = [{ meeting, epoch: 1, state: 'live', rev: 42, seats }]
  await heartbeat(({ meetings }) => meetings.some((one) => one.meeting === meeting))
  expect(await client.frame('capabilities')).toMatchObject({ capabilities: ['chat'] })
  await heartbeat(({ meetings }) => meetings.some(({ rev }) => rev === 42))
})

test('while the API is gone calls go on and tickets stay valid, and heartbeats go on when it is back', async () => {
  const { client } = await enter()
  testNode.api.close()
  const failed = async () =>
    (await testNode.deps.metrics.heartbeats.get()).values.find(({ labels }) => labels.outcome === 'failed')?.value ?? 0
  await expect.poll(() => testNode.pass(1_000).then(failed)).toBeGreaterThan(1)
  await client.call.room.setVisibleTiles.mutate({ tiles: [] })
  await enter()
  expect(testNode.node.ready).toBe(true)
  await testNode.api.listen()
  await heartbeat()
  expect(client.frames.some(({ type }) => type === 'ended')).toBe(false)
})

test('a new ticket key of the API is valid as soon as a heartbeat answer brings it', async () => {
  const old = testNode.api.signers.splice(0, 1, newSigner('two'))
  await heartbeat()
  await expect
    .poll(async () =>
      enter().then(
        () => true,
        () => false,
      ),
    )
    .toBe(true)
  testNode.api.signers.splice(0, 1, ...old)
  await heartbeat()
  await expect
    .poll(async () =>
      enter().then(
        () => true,
        () => false,
      ),
    )
    .toBe(true)
})

test('a node sends no heartbeat to an API that does not have its key', async () => {
  const stranger = await new TestApi('cd'.repeat(32)).listen()
  const deps = newDeps({ SFU_KEY: 'ab'.repeat(32), API_CONTROL_URL: stranger.url })
  const other = await startNode(deps)
  const failed = async () =>
    (await deps.metrics.heartbeats.get()).values.find(({ labels }) => labels.outcome === 'failed')?.value
  await expect.poll(failed).toBeGreaterThan(0)
  expect([stranger.heartbeats, other.node.ready]).toEqual([[], false])
  await other.close()
  stranger.close()
})

test('the next address of the API is tried when one does not answer', async () => {
  const api = await new TestApi('ab'.repeat(32)).listen()
  const time = new ManualClock()
  const deps = newDeps({ SFU_KEY: 'ab'.repeat(32), API_CONTROL_URL: `https://127.0.0.1:1, ${api.url}` }, time)
  const other = await startNode(deps)
  const heartbeatCount = () => {
    time.advance(1_000)
    return api.heartbeats.length
  }
  await expect.poll(heartbeatCount).toBeGreaterThan(0)
  await other.close()
  api.close()
})
