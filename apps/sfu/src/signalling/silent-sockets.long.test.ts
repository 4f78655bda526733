import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import type { MeetingId } from '@veche/shared/ids'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import WebSocket from 'ws'
import { newTestNode, type TestNode } from '../test/TestNode.ts'

let testNode: TestNode
beforeAll(async () => {
  testNode = await newTestNode({ env: { SFU_WORKERS: '2' } })
})
afterAll(() => testNode.close())

function open(localAddress: string): WebSocket {
  const socket = new WebSocket(testNode.url, { localAddress })
  onTestFinished(() => socket.terminate())
  return socket.on('error', () => undefined)
}

test('a hundred people join ten meetings while a thousand silent sockets stand and two hundred a second knock', async () => {
  const standing = Array.from({ length: 1_000 }, (_, index) => open(`127.0.1.${1 + (index % 3)}`))
  await Promise.all(standing.map((socket) => once(socket, 'open')))
  const knocking = setInterval(() => open('127.0.0.3'), 5)
  onTestFinished(() => clearInterval(knocking))
  const meetings = Array.from({ length: 10 }, () => randomUUID() as MeetingId)
  const startedAt = performance.now()
  const joins = Array.from({ length: 100 }, async (_, index) => {
    const client = testNode.newClient()
    const joined = await client.join(await testNode.newTicket({ meeting: meetings[index % 10]! }))
    return { client, joined }
  })
  const people = await Promise.all(joins)
  console.log(`100 people were in their rooms after ${Math.round(performance.now() - startedAt)} ms`)
  expect(testNode.node.rooms.map(({ size }) => size)).toEqual(Array(10).fill(10))
  const [{ client, joined }] = people as [(typeof people)[0]]
  client.dropSocket()
  expect(await testNode.newClient().resume(joined.secret)).toMatchObject({ resumed: true })
})
