import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { connect } from 'node:net'
import type { MeetingId } from '@veche/shared/ids'
import { expect, test } from 'vitest'
import WebSocket from 'ws'
import { ManualClock } from './test/ManualClock.ts'
import { newTestNode } from './test/TestNode.ts'

test('a stopping node sends its clients to another node, lets no client in, and does not answer the API any more', async () => {
  const testNode = await newTestNode({ clock: new ManualClock() })
  const meeting = randomUUID() as MeetingId
  const [anna, boris] = [testNode.newClient(), testNode.newClient()]
  await anna.join(await testNode.newTicket({ meeting }))
  await boris.join(await testNode.newTicket({ meeting }))
  const pids = testNode.node.workers.map(({ pid }) => pid!)
  const late = testNode.newClient()
  await expect(late.resume('x')).rejects.toThrow('call.resume_invalid')
  const ticket = await testNode.newTicket()
  testNode.node.stop()
  await expect(late.join(ticket)).rejects.toThrow('server.unavailable')
  const refused = new WebSocket(testNode.url)
  refused.on('error', () => undefined)
  const [, answer] = (await once(refused, 'unexpected-response')) as [unknown, { statusCode: number }]
  expect(answer.statusCode).toBe(503)
  for (const client of [anna, boris]) {
    expect(await client.frame('ended')).toMatchObject({ reason: 'stopping' })
    await expect.poll(() => client.socket.readyState).toBe(3)
  }
  const closing = testNode.close({ keepClients: true })
  const control = connect(testNode.ports.control, '127.0.0.1')
  expect(await once(control, 'error')).toMatchObject([{ code: 'ECONNREFUSED' }])
  await closing
  await expect.poll(() => pids.filter(lives)).toEqual([])
})

function lives(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
