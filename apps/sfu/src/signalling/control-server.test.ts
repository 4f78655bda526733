import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { request } from 'node:https'
import { connect } from 'node:tls'
import { createTRPCClient, httpLink } from '@trpc/client'
import type { MeetingId } from '@veche/shared/ids'
import { apiIdentity, controlTls } from '@veche/shared/nodes'
import { Agent, fetch } from 'undici'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { ControlRouter } from '../router.ts'
import { ManualClock } from '../test/ManualClock.ts'
import { newTestNode, type TestNode } from '../test/TestNode.ts'

let testNode: TestNode
beforeAll(async () => {
  testNode = await newTestNode({ clock: new ManualClock() })
})
afterAll(() => testNode.close())

function control(key: string, identity = apiIdentity) {
  const psk = Buffer.from(key, 'hex')
  const connect = { ...controlTls, pskCallback: () => ({ psk, identity }), checkServerIdentity: () => undefined }
  const dispatcher = new Agent({ connect })
  const url = `https://127.0.0.1:${testNode.ports.control}`
  const link = httpLink({
    url,
    fetch: (to, init) => fetch(String(to), { ...(init as RequestInit), dispatcher } as never) as never,
  })
  return createTRPCClient<ControlRouter>({ links: [link] })
}

async function enter(meeting = randomUUID() as MeetingId) {
  const client = testNode.newClient()
  return { client, joined: await client.join(await testNode.newTicket({ meeting })), meeting }
}

test('the control server answers the API and applies its updates at once', async () => {
  const { client, joined, meeting } = await enter()
  const api = control(testNode.deps.env.SFU_KEY)
  expect(await api.alive.query()).toEqual({ node: 'sfu-0', boot: testNode.node.boot })
  const seats = [{ seat: joined.seatId, epoch: 1, state: 'removed' as const, capabilities: [] }]
  expect(await api.update.mutate({ meeting, epoch: 1, state: 'live', rev: 9, seats })).toEqual({ rev: 0 })
  expect(await client.frame('ended')).toMatchObject({ reason: 'removed' })
})

test('a probe is a transport that answers ICE checks, and only a few can be open', async () => {
  const api = control(testNode.deps.env.SFU_KEY)
  const probe = await api.probe.mutate()
  expect(probe.iceCandidates.map(({ protocol }) => protocol)).toEqual(['udp', 'tcp'])
  expect(probe.iceParameters.usernameFragment.length).toBeGreaterThan(8)
  const outcomes = await Promise.allSettled(Array.from({ length: 5 }, () => api.probe.mutate()))
  expect(outcomes.filter(({ status }) => status === 'rejected')).toHaveLength(1)
})

test('the control server does not answer without the key of this node, with another identity, in plain TLS or in plain text', async () => {
  await expect(control('cd'.repeat(32)).alive.query()).rejects.toThrow()
  await expect(control(testNode.deps.env.SFU_KEY, 'sfu-0').alive.query()).rejects.toThrow()
  const plainTls = connect({ port: testNode.ports.control, host: '127.0.0.1', rejectUnauthorized: false })
  const [error] = (await once(plainTls, 'error')) as [Error]
  expect(error.message).toMatch(/handshake|alert|reset|disconnected/i)
  const plain = await fetch(`http://127.0.0.1:${testNode.ports.control}/alive`).catch((failure: unknown) => failure)
  expect(plain).toBeInstanceOf(Error)
})

test('malformed updates are refused with status 400', async () => {
  const psk = Buffer.from(testNode.deps.env.SFU_KEY, 'hex')
  const options = {
    ...controlTls,
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    pskCallback: () => ({ psk, identity: apiIdentity }),
    checkServerIdentity: () => undefined,
  }
  for (const body of ['{', '[]', '{"meeting":"x"}', 'null']) {
    const asked = request(`https://127.0.0.1:${testNode.ports.control}/update`, options)
    asked.end(body)
    const [answer] = (await once(asked, 'response')) as [IncomingMessage]
    expect([body, answer.statusCode]).toEqual([body, 400])
    answer.resume()
  }
})
