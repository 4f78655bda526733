import { type MeetingId, newId } from '@veche/shared/ids'
import { ticketClaims, ticketType } from '@veche/shared/ticket'
import { createLocalJWKSet, decodeProtectedHeader, jwtVerify } from 'jose'
import { beforeAll, expect, it } from 'vitest'
import { newGroup, newUser, type TestUser } from '../test/builders.ts'
import { callerFor, type TestApi, newTestApi } from '../test/harness.ts'
import { MediaNode } from '../test/nodes/media-node.ts'
import { join } from '../test/meetings.ts'
import { Tickets } from './tickets.ts'

let testApi: TestApi
let node: MediaNode
let anna: TestUser
let boris: TestUser
beforeAll(async () => {
  testApi = await newTestApi()
  node = await MediaNode.start(testApi.deps)
  ;[anna, boris] = [await newUser(testApi.deps), await newUser(testApi.deps)]
})
const as = (who: TestUser) => callerFor(testApi.deps, who).meetings

/** Checks a ticket as a node does: with the keys from the answer to a heartbeat. */
function read(token: string, { publicKeys }: Tickets) {
  const keys = publicKeys.map(({ kid, x }) => ({ kid, x, kty: 'OKP', crv: 'Ed25519', alg: 'EdDSA' }))
  return jwtVerify(token, createLocalJWKSet({ keys }), { issuer: 'veche', audience: node.id, typ: ticketType })
}

it('a ticket names the seat, the meeting, the node with its boot, the epochs and the capabilities, and is valid for a minute', async () => {
  const chatId = await newGroup(testApi.deps, [anna, boris])
  const { meetingId } = await as(anna).start({ id: newId<MeetingId>(), chatId })
  const joined = await join(testApi.deps, boris, meetingId)
  const { payload } = await read(joined.ticket, testApi.deps.tickets)
  const claims = ticketClaims.parse(payload)
  expect(claims).toMatchObject({
    aud: node.id,
    boot: node.boot,
    meeting: meetingId,
    meetingEpoch: 1,
    seat: joined.seat.id,
    seatEpoch: 1,
    user: boris.userId,
    name: boris.name,
    capabilities: ['mic', 'cam', 'screen', 'chat', 'unmute'],
  })
  expect(claims.exp - claims.iat).toBe(60)
  const again = await join(testApi.deps, boris, meetingId)
  expect(ticketClaims.parse((await read(again.ticket, testApi.deps.tickets)).payload)).toMatchObject({
    seat: joined.seat.id,
    seatEpoch: 2,
    meetingEpoch: 1,
  })
})

it('a ticket is dated by the clock of the database, so API processes need not agree on the time', async () => {
  const ahead = { ...testApi.deps, clock: { now: () => testApi.clock.now() + 60_000 } }
  const chatId = await newGroup(testApi.deps, [anna, boris])
  const { meetingId } = await as(anna).start({ id: newId<MeetingId>(), chatId })
  const { payload } = await read((await join(ahead, anna, meetingId)).ticket, testApi.deps.tickets)
  for (const deps of [testApi.deps, ahead]) {
    const { now } = (await node.beat(deps))!
    expect(Math.abs(now - ticketClaims.parse(payload).iat * 1000)).toBeLessThan(30_000)
  }
})

it('while the secret is changed, tickets are signed with the new key and nodes accept both keys', async () => {
  const next = { ...testApi.env, VECHE_SECRET: 'n'.repeat(40), VECHE_SECRET_PREVIOUS: testApi.env.VECHE_SECRET }
  const both = new Tickets(next)
  const given = { aud: node.id, boot: node.boot, meeting: newId<MeetingId>(), meetingEpoch: 1 }
  const claims = { ...given, seat: newId(), seatEpoch: 1, user: anna.userId, name: 'Anna', capabilities: [] } as never
  const [older, newer] = [await testApi.deps.tickets.sign(claims, Date.now()), await both.sign(claims, Date.now())]
  const { kid } = decodeProtectedHeader(newer)
  expect(both.publicKeys.map((key) => key.kid)).toEqual([kid, testApi.deps.tickets.publicKeys[0]?.kid])
  await read(older, both)
  await read(newer, both)
  await expect(read(newer, testApi.deps.tickets)).rejects.toThrow()
})
