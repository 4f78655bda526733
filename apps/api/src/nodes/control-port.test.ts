import { randomBytes, randomUUID } from 'node:crypto'
import { connect } from 'node:net'
import { once } from 'node:events'
import { heartbeatAnswer } from '@veche/shared/nodes'
import { protocol } from '@veche/shared/protocol'
import { beforeAll, expect, it } from 'vitest'
import type { Deps } from '../deps.ts'
import { afterFile } from '../test/cleanup.ts'
import { type TestApi, newTestApi } from '../test/harness.ts'
import { MediaNode } from '../test/nodes/media-node.ts'
import { nodeKeys } from './keys.ts'
import { openControlPort } from './control-port.ts'

let testApi: TestApi
let url: string
let node: MediaNode
beforeAll(async () => {
  testApi = await newTestApi()
  url = await opened(testApi.deps)
  node = new MediaNode(testApi.deps)
})

async function opened(deps: Deps): Promise<string> {
  const port = openControlPort(deps)
  afterFile(() => port.close())
  return port.listen({ host: '127.0.0.1', port: 0 })
}

it('the control port answers the heartbeat of a node that has its key', async () => {
  const answer = await node.sendHeartbeat(url)
  expect(answer.status).toBe(200)
  expect(heartbeatAnswer.parse(await answer.json()).meetings).toEqual([])
})

it('the handshake of the control port fails with a wrong key, with an invalid name and without a key', async () => {
  await expect(node.sendHeartbeat(url, { key: randomBytes(32) })).rejects.toThrow()
  await expect(node.sendHeartbeat(url, { identity: 'Not A Node' })).rejects.toThrow()
  await expect(fetch(`${url}/heartbeat`, { method: 'POST' })).rejects.toThrow()
  await expect(fetch(`${url.replace('https', 'http')}/heartbeat`, { method: 'POST' })).rejects.toThrow()
})

it('a node cannot send a heartbeat in the name of another node', async () => {
  const other = new MediaNode(testApi.deps)
  const answer = await node.sendHeartbeat(url, { body: other.heartbeat() })
  expect(answer.status).toBe(403)
  expect(await testApi.deps.db.selectFrom('sfu_nodes').select('id').where('id', '=', other.id).execute()).toEqual([])
})

it('the control port refuses malformed and too large heartbeats, and those of a boot that was replaced', async () => {
  expect((await node.sendHeartbeat(url, { body: {} })).status).toBe(400)
  expect((await node.sendHeartbeat(url, { body: { ...node.heartbeat(), release: 1 } })).status).toBe(400)
  const { meeting, seat } = { meeting: randomUUID(), seat: { seat: randomUUID(), epoch: 2 ** 31, state: 'in' } }
  const meetings = [{ meeting, epoch: 1, rev: 0, seats: [seat] }]
  expect((await node.sendHeartbeat(url, { body: { ...node.heartbeat(), meetings } })).status).toBe(400)
  expect((await node.sendHeartbeat(url, { body: 'x'.repeat(5_000_000) })).status).toBe(413)
  const before = node.heartbeat()
  node.boot = randomUUID() as typeof node.boot
  await node.sendHeartbeat(url)
  expect((await node.sendHeartbeat(url, { body: before })).status).toBe(409)
})

it('the control port still works after random bytes', async () => {
  const socket = connect(Number(new URL(url).port), '127.0.0.1')
  socket.on('error', () => undefined)
  await once(socket, 'connect')
  socket.end(randomBytes(4_000))
  await once(socket, 'close')
  expect((await node.sendHeartbeat(url)).status).toBe(200)
})

it('the control port accepts the key of the previous secret while that is set', async () => {
  const changed = { VECHE_SECRET: 'n'.repeat(40), VECHE_SECRET_PREVIOUS: testApi.env.VECHE_SECRET }
  const deps = testApi.anotherProcess(changed)
  const [fresh, old] = nodeKeys(deps.env, node.id)
  expect(old).toEqual(nodeKeys(testApi.env, node.id)[0])
  const both = await opened(deps)
  const eventually = (key: Buffer) => expect.poll(() => node.sendHeartbeat(both, { key }).then(({ status }) => status, () => 0)).toBe(200) // prettier-ignore
  await eventually(old!)
  await eventually(fresh!)
  await eventually(old!)
})

it('a heartbeat with unknown keys and words is taken, and one of a node that is too old is refused in clear words', async () => {
  const seats = [{ seat: randomUUID(), epoch: 1, state: 'dreaming', mood: 'calm' }]
  const meetings = [{ meeting: randomUUID(), epoch: 1, rev: 1, seats, kind: 'webinar' }]
  const newer = await node.sendHeartbeat(url, { body: { ...node.heartbeat(), protocol: 7, meetings, mood: 'calm' } })
  expect(newer.status).toBe(200)
  expect(await newer.json()).toMatchObject({ protocol: protocol.version })
  const older = await node.sendHeartbeat(url, { body: { node: node.id, protocol: 0 } })
  expect([older.status, await older.json()]).toEqual([426, { code: 'version.too_old' }])
})
