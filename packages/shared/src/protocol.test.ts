import { expect, test } from 'vitest'
import { heartbeat, heartbeatAnswer } from './nodes.ts'
import { ticketClaims } from './ticket.ts'

const [meeting, seat, boot] = [crypto.randomUUID(), crypto.randomUUID(), crypto.randomUUID()]

test('an answer of a newer API loses only the keys and the words that this release does not know', () => {
  const update = { meeting, epoch: 1, state: 'live', rev: 3, colour: 'red' }
  const known = { seat, epoch: 1, state: 'in', capabilities: ['mic', 'draw'] }
  const read = heartbeatAnswer.parse({
    protocol: 2,
    now: 1,
    keys: [],
    wantCapabilities: false,
    regions: ['north'],
    meetings: [
      { ...update, seats: [known, { ...known, state: 'knocking' }] },
      { ...update, state: 'asleep', seats: [] },
    ],
  })
  const seats = [{ ...known, capabilities: ['mic'] }]
  expect(read.meetings).toEqual([{ meeting, epoch: 1, state: 'live', rev: 3, seats }])
  expect(read).not.toHaveProperty('regions')
})

test('a seat whose state only a newer node knows is in its room', () => {
  const seats = [{ seat, epoch: 1, state: 'dreaming' }]
  const beat = { node: 'sfu-0', boot, release: '1', signalling: 'a:1', control: 'a:2', url: null, workers: [] }
  const read = heartbeat.parse({ ...beat, meetings: [{ meeting, epoch: 1, rev: 0, seats }] })
  expect([read.protocol, read.meetings[0]?.seats]).toEqual([1, [{ seat, epoch: 1, state: 'in' }]])
})

test('wrong values of known words are refused as before', () => {
  const update = {
    meeting,
    epoch: 1,
    state: 'live',
    rev: 3,
    seats: [{ seat: 'nobody', epoch: 1, state: 'in', capabilities: [] }],
  }
  const answer = { now: 1, keys: [], wantCapabilities: false, meetings: [update] }
  expect(heartbeatAnswer.safeParse(answer).success).toBe(false)
})

test('a ticket may have claims and capabilities of a newer release', () => {
  const claims = {
    iss: 'veche', aud: 'sfu-0', boot, jti: crypto.randomUUID(), iat: 1, exp: 2, meeting, meetingEpoch: 1, seat, seatEpoch: 1,
    user: crypto.randomUUID(), name: 'Anna', capabilities: ['cam', 'draw'], lobby: true,
  } // prettier-ignore
  expect(ticketClaims.parse(claims)).toMatchObject({ protocol: 1, capabilities: ['cam'] })
})
