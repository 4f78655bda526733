import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { request } from 'node:https'
import { connect } from 'node:tls'
import { createTRPCClient, httpLink } from '@trpc/client'
import type { MeetingId } from '@veche/shared/ids'
import { apiIdentity, controlTls, type Heartbeat } from '@veche/shared/nodes'
import { Agent, fetch } from 'undici'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { routerCapabilities } from './media/codecs.ts'
import { openHouse } from './running-node.ts'
import type { ControlRouter } from './router.ts'
import { Api, newSigner } from './test/TestApi.ts'
import { newDeps, newHouse, type TestHouse } from './test/TestNode.ts'
import { ManualClock } from './test/ManualClock.ts'

const clock = new ManualClock()
let house: TestHouse
beforeAll(async () => {
  house = await newHouse({ clock })
})
afterAll(() => house.close())

function control(key: string, identity = apiIdentity) {
  const psk = Buffer.from(key, 'hex')
  const connect = { ...controlTls, pskCallback: () => ({ psk, identity }), checkServerIdentity: () => undefined }
  const dispatcher = new Agent({ connect })
  const url = `https://127.0.0.1:${house.ports.control}`
  const link = httpLink({
    url,
    fetch: (to, init) => fetch(String(to), { ...(init as RequestInit), dispatcher } as never) as never,
  })
  return createTRPCClient<ControlRouter>({ links: [link] })
}

async function enter(meeting = randomUUID() as MeetingId) {
  const visitor = house.visitor()
  return { visitor, joined: await visitor.join(await house.ticket({ meeting })), meeting }
}

/** Seconds go by until there is one that satisfies. */
async function heartbeat(satisfies: (heartbeat: Heartbeat) => boolean = () => true): Promise<Heartbeat> {
  const before = house.api.heartbeats.length
  for (;;) {
    await house.pass(1_000)
    const found = house.api.heartbeats.slice(before).find(satisfies)
    if (found) return found
  }
}

test('the heartbeat tells who the node is, where it is reached, and whom it holds', async () => {
  const { joined, meeting } = await enter()
  const beat = await heartbeat(({ meetings }) => meetings.length === 1)
  expect(beat).toMatchObject({
    node: 'sfu-0',
    boot: house.node.boot,
    signalling: `127.0.0.1:${house.ports.signalling}`,
    control: `127.0.0.1:${house.ports.control}`,
    url: null,
    workers: [{ rooms: 1, peers: 1, full: false }],
    meetings: [{ meeting, epoch: 1, rev: 0, seats: [{ seat: joined.seatId, epoch: 1, state: 'in' }] }],
  })
})

test('capabilities travel with the first heartbeat, and then while the API asks for them', async () => {
  expect(house.api.heartbeats[0]?.capabilities).toEqual(JSON.parse(JSON.stringify(routerCapabilities)))
  const plain = await heartbeat()
  expect(plain.capabilities).toBeUndefined()
  house.api.wantCapabilities = true
  await heartbeat(({ capabilities }) => capabilities !== undefined)
  house.api.wantCapabilities = false
  await heartbeat(({ capabilities }) => capabilities === undefined)
})

test('orders come with the answer, and the next heartbeat tells the revision that was applied', async () => {
  const { visitor, joined, meeting } = await enter()
  const seats = [{ seat: joined.seatId, epoch: 1, state: 'in' as const, caps: ['chat' as const] }]
  house.api.orders = [{ meeting, epoch: 1, state: 'live', rev: 42, seats }]
  await heartbeat(({ meetings }) => meetings.some((one) => one.meeting === meeting))
  expect(await visitor.frame('caps')).toMatchObject({ caps: ['chat'] })
  await heartbeat(({ meetings }) => meetings.some(({ rev }) => rev === 42))
})

test('the API is gone for a while: calls go on, tickets too, and the heart beats again when it is back', async () => {
  const { visitor } = await enter()
  house.api.close()
  const failed = async () =>
    (await house.deps.metrics.heartbeats.get()).values.find(({ labels }) => labels.outcome === 'failed')?.value ?? 0
  await expect.poll(() => house.pass(1_000).then(failed)).toBeGreaterThan(1)
  await visitor.call.room.setVisibleTiles.mutate({ tiles: [] })
  await enter()
  expect(house.node.ready).toBe(true)
  await house.api.listen()
  await heartbeat()
  expect(visitor.frames.some(({ type }) => type === 'ended')).toBe(false)
})

test('a new key of the API is good as soon as it is told', async () => {
  const old = house.api.signers.splice(0, 1, newSigner('two'))
  await heartbeat()
  await expect
    .poll(async () =>
      enter().then(
        () => true,
        () => false,
      ),
    )
    .toBe(true)
  house.api.signers.splice(0, 1, ...old)
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

test('an API with another key, or none, is not spoken to', async () => {
  const stranger = await new Api('cd'.repeat(32)).listen()
  const deps = newDeps({ SFU_KEY: 'ab'.repeat(32), API_CONTROL_URL: stranger.url })
  const other = await openHouse(deps)
  const failed = async () =>
    (await deps.metrics.heartbeats.get()).values.find(({ labels }) => labels.outcome === 'failed')?.value
  await expect.poll(failed).toBeGreaterThan(0)
  expect([stranger.heartbeats, other.node.ready]).toEqual([[], false])
  await other.close()
  stranger.close()
})

test('of several addresses of the API the next is tried when one is silent', async () => {
  const api = await new Api('ab'.repeat(32)).listen()
  const time = new ManualClock()
  const deps = newDeps({ SFU_KEY: 'ab'.repeat(32), API_CONTROL_URL: `https://127.0.0.1:1, ${api.url}` }, time)
  const other = await openHouse(deps)
  const heard = () => {
    time.advance(1_000)
    return api.heartbeats.length
  }
  await expect.poll(heard).toBeGreaterThan(0)
  await other.close()
  api.close()
})

test('the control port answers the API, and takes its orders at once', async () => {
  const { visitor, joined, meeting } = await enter()
  const api = control(house.deps.env.SFU_KEY)
  expect(await api.alive.query()).toEqual({ node: 'sfu-0', boot: house.node.boot })
  const seats = [{ seat: joined.seatId, epoch: 1, state: 'removed' as const, caps: [] }]
  expect(await api.update.mutate({ meeting, epoch: 1, state: 'live', rev: 9, seats })).toEqual({ rev: 0 })
  expect(await visitor.frame('ended')).toMatchObject({ reason: 'removed' })
})

test('a probe is a transport to send checks to, a few at once', async () => {
  const api = control(house.deps.env.SFU_KEY)
  const probe = await api.probe.mutate()
  expect(probe.iceCandidates.map(({ protocol }) => protocol)).toEqual(['udp', 'tcp'])
  expect(probe.iceParameters.usernameFragment.length).toBeGreaterThan(8)
  const outcomes = await Promise.allSettled(Array.from({ length: 5 }, () => api.probe.mutate()))
  expect(outcomes.filter(({ status }) => status === 'rejected')).toHaveLength(1)
})

test('without the key of this node, in another name, in plain TLS or in plain text there is no answer', async () => {
  await expect(control('cd'.repeat(32)).alive.query()).rejects.toThrow()
  await expect(control(house.deps.env.SFU_KEY, 'sfu-0').alive.query()).rejects.toThrow()
  const plainTls = connect({ port: house.ports.control, host: '127.0.0.1', rejectUnauthorized: false })
  const [error] = (await once(plainTls, 'error')) as [Error]
  expect(error.message).toMatch(/handshake|alert|reset|disconnected/i)
  const plain = await fetch(`http://127.0.0.1:${house.ports.control}/alive`).catch((failure: unknown) => failure)
  expect(plain).toBeInstanceOf(Error)
})

test('malformed orders are refused with a code', async () => {
  const psk = Buffer.from(house.deps.env.SFU_KEY, 'hex')
  const options = {
    ...controlTls,
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    pskCallback: () => ({ psk, identity: apiIdentity }),
    checkServerIdentity: () => undefined,
  }
  for (const body of ['{', '[]', '{"meeting":"x"}', 'null']) {
    const asked = request(`https://127.0.0.1:${house.ports.control}/update`, options)
    asked.end(body)
    const [answer] = (await once(asked, 'response')) as [import('node:http').IncomingMessage]
    expect([body, answer.statusCode]).toEqual([body, 400])
    answer.resume()
  }
})
