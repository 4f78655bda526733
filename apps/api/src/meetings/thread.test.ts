import { newId, type MeetingId, type TabId } from '@veche/shared/ids'
import { ticketClaims, ticketType } from '@veche/shared/ticket'
import { importJWK, jwtVerify } from 'jose'
import { beforeAll, expect, it } from 'vitest'
import { newGroup, newUser, type TestUser } from '../test/builders.ts'
import { callerFor, type House, newHouse } from '../test/harness.ts'
import { MediaNode } from '../test/media-node.ts'

let house: House
let node: MediaNode
let anna: TestUser
let boris: TestUser
beforeAll(async () => {
  house = await newHouse()
  node = await MediaNode.start(house.deps)
  ;[anna, boris] = [await newUser(house.deps), await newUser(house.deps)]
})
const as = (who: TestUser) => callerFor(house.deps, who).meetings

it('somebody begins, somebody joins, and the ticket opens the node', async () => {
  const dialogId = await newGroup(house.deps, [anna, boris])
  const look = await as(anna).start({ id: newId<MeetingId>(), dialogId })
  expect(look).toMatchObject({ dialogId, state: 'live', count: 0 })
  const joined = await as(boris).join({ meetingId: look.meetingId, tab: newId<TabId>() })
  expect(joined.sfuUrl).toBe(`/sfu/${node.id}`)
  const answer = await node.beat()
  const [key] = answer?.keys ?? []
  const publicKey = await importJWK({ kty: 'OKP', crv: 'Ed25519', x: key?.x ?? '' }, 'EdDSA')
  const { payload, protectedHeader } = await jwtVerify(joined.ticket, publicKey, { audience: node.id, issuer: 'veche' })
  expect(protectedHeader).toEqual({ alg: 'EdDSA', typ: ticketType, kid: key?.kid })
  expect(ticketClaims.parse(payload)).toMatchObject({
    boot: node.boot,
    meeting: look.meetingId,
    meetingEpoch: 1,
    seat: joined.seat.id,
    seatEpoch: 1,
    user: boris.userId,
    name: boris.name,
  })
  expect(await as(anna).ofDialog({ dialogId })).toMatchObject({ count: 1, userIds: [boris.userId] })
})
