import { randomUUID } from 'node:crypto'
import type { BootId } from '@veche/shared/ids'
import type { Heartbeat } from '@veche/shared/nodes'
import { beforeAll, beforeEach, expect, it } from 'vitest'
import { type TestApi, newTestApi } from '../test/harness.ts'
import { MediaNode } from '../test/nodes/media-node.ts'
import { newOnlyNode } from '../test/meetings.ts'
import { markNodeDead, knownNodes } from './known-nodes.ts'
import { acceptHeartbeat } from './heartbeats.ts'

let testApi: TestApi
let node: MediaNode
beforeAll(async () => {
  testApi = await newTestApi()
})
beforeEach(async () => {
  node = await newOnlyNode(testApi)
  await node.silence()
})
const known = async (of = node) => (await knownNodes(testApi.deps.db)).find(({ id }) => id === of.id)!

it('the first heartbeat of a node records it with its load, and the answers ask for its capabilities until they are known', async () => {
  const fresh = new MediaNode(testApi.deps)
  fresh.capabilities = undefined
  fresh.load = 0.42
  expect(await fresh.beat()).toMatchObject({ wantCapabilities: true, meetings: [] })
  expect(await known(fresh)).toMatchObject({ hasCapabilities: false, dead: false, full: false })
  expect((await known(fresh)).load).toBeCloseTo(0.42)
  fresh.capabilities = { codecs: ['opus'] }
  expect(await fresh.beat()).toMatchObject({ wantCapabilities: false })
  fresh.capabilities = undefined
  expect(await fresh.beat()).toMatchObject({ wantCapabilities: false })
})

it('the heartbeat of a new boot ends the old boot, whose late heartbeats are refused', async () => {
  const before = node.heartbeat()
  node.boot = randomUUID() as BootId
  await node.beat()
  expect(await acceptHeartbeat(testApi.deps, before)).toBeNull()
  expect(await known()).toMatchObject({ boot: node.boot, dead: false })
})

it('late heartbeats of several past boots are refused even after the node was marked dead', async () => {
  const pastBoots: Heartbeat[] = []
  for (let boot = 0; boot < 3; boot += 1) {
    pastBoots.push(node.heartbeat())
    node.boot = randomUUID() as BootId
    await node.beat()
  }
  await markNodeDead(testApi.deps.db, node)
  for (const late of pastBoots) expect(await acceptHeartbeat(testApi.deps, late)).toBeNull()
  expect(await known()).toMatchObject({ boot: node.boot, dead: true })
  expect(await node.beat()).not.toBeNull()
  expect(await known()).toMatchObject({ boot: node.boot, dead: false })
})

it('a node that was marked dead is alive again with its next heartbeat', async () => {
  await markNodeDead(testApi.deps.db, node)
  expect((await known()).dead).toBe(true)
  await node.beat()
  expect((await known()).dead).toBe(false)
})

it('a node has the load of its least busy worker and is full when all workers are', async () => {
  const beat = node.heartbeat()
  const worker = { rooms: 1, peers: 1 }
  const half = [{ ...worker, load: 0.9, full: true }, { ...worker, load: 0.3, full: false }] // prettier-ignore
  await acceptHeartbeat(testApi.deps, { ...beat, workers: half })
  expect(await known()).toMatchObject({ full: false })
  expect((await known()).load).toBeCloseTo(0.3)
  await acceptHeartbeat(testApi.deps, { ...beat, workers: half.map((one) => ({ ...one, full: true })) })
  expect((await known()).full).toBe(true)
  await acceptHeartbeat(testApi.deps, { ...beat, workers: [] })
  expect((await known()).full).toBe(true)
})
