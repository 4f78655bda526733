import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { connect } from 'node:net'
import type { MeetingId } from '@veche/shared/ids'
import { expect, test } from 'vitest'
import WebSocket from 'ws'
import { newHouse } from './test/TestNode.ts'

test('a node that stops sends everybody elsewhere, lets nobody in, and is dead for the API at once', async () => {
  const house = await newHouse()
  const meeting = randomUUID() as MeetingId
  const [anna, boris] = [house.visitor(), house.visitor()]
  await anna.join(await house.ticket({ meeting }))
  await boris.join(await house.ticket({ meeting }))
  const pids = house.node.workers.map(({ pid }) => pid!)
  const late = house.visitor()
  await expect(late.resume('x')).rejects.toThrow('call.resume_invalid')
  const ticket = await house.ticket()
  house.node.stop()
  await expect(late.join(ticket)).rejects.toThrow('server.unavailable')
  const refused = new WebSocket(house.url)
  refused.on('error', () => undefined)
  const [, answer] = (await once(refused, 'unexpected-response')) as [unknown, { statusCode: number }]
  expect(answer.statusCode).toBe(503)
  for (const visitor of [anna, boris]) {
    expect(await visitor.frame('ended')).toMatchObject({ reason: 'stopping' })
    await expect.poll(() => visitor.socket.readyState).toBe(3)
  }
  const closing = house.close({ keepVisitors: true })
  const control = connect(house.ports.control, '127.0.0.1')
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
