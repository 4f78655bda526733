import type { JoinedFrame, PeerView } from '@veche/sfu/router'
import type { SeatId, UserId } from '@veche/shared/ids'
import type { SeatRow } from '@veche/shared/rows/rows'
import { expect, test } from 'vitest'
import { TestEnvironment } from '#lib/test/TestEnvironment.ts'
import { Participants } from './Participants.svelte.ts'

const me = { userId: 'me' as UserId, name: 'Me' }

test('the list begins with me, and the others follow in the order in which they came', () => {
  const participants = newParticipants([peer('a'), peer('b')])
  participants.update(peer('c'))
  participants.update(peer('a', { away: true }))
  expect(participants.list.map(({ name }) => name)).toEqual(['Me', 'a', 'b', 'c'])
  expect(participants.find(seat('a'))?.away).toBe(true)
  participants.remove(seat('b'))
  expect(participants.list.map(({ name }) => name)).toEqual(['Me', 'a', 'c'])
})

test('a participant is the same object for as long as its seat is there', () => {
  const participants = newParticipants([peer('a')])
  const participant = participants.find(seat('a'))
  participants.update(peer('a', { name: 'Another name' }))
  participants.join(joined([peer('a')]), me)
  expect(participants.find(seat('a'))).toBe(participant)
  expect(participants.list).toHaveLength(2)
})

test('a participant without a microphone is told apart from one who is muted', () => {
  const participants = newParticipants([peer('a', { mic: 'on' }), peer('b', { mic: 'off' }), peer('c')])
  expect(participants.list.slice(1).map(({ microphone }) => microphone)).toEqual(['on', 'off', 'none'])
})

test('after a move to another node the others are away, and removed if they do not arrive within ten seconds', async () => {
  const environment = new TestEnvironment()
  const participants = newParticipants([peer('a'), peer('b')], environment)
  participants.join(joined([]), me)
  expect(participants.list.map(({ away }) => away)).toEqual([false, true, true])
  participants.update(peer('b'))
  expect(participants.find(seat('b'))?.away).toBe(false)
  await environment.pass(10_000)
  expect(participants.list.map(({ name }) => name)).toEqual(['Me', 'b'])
})

test('the quality of a participant is that of the worse direction, with its reason', () => {
  const participants = newParticipants([peer('a')])
  participants.setQuality(seat('a'), { up: 'good', down: 'bad', reason: 'loss' })
  expect(participants.find(seat('a'))).toMatchObject({ quality: 'bad', qualityReason: 'loss' })
  participants.setQuality(seat('a'), { up: 'good', down: 'good', reason: null })
  expect(participants.find(seat('a'))).toMatchObject({ quality: 'good', qualityReason: null })
})

test('participants who speak are marked, me included', () => {
  const participants = newParticipants([peer('a'), peer('b')])
  participants.setSpeakers([seat('b'), seat('me')])
  expect(participants.list.map(({ speaking }) => speaking)).toEqual([true, false, true])
  participants.remove(seat('b'))
  expect(participants.speakers).toEqual([seat('me')])
})

test('a seat that the node does not know is shown as away, at once if the API says so and else after two seconds', async () => {
  const environment = new TestEnvironment()
  const participants = newParticipants([peer('a')], environment)
  participants.setSeats([row('a', 'in'), row('b', 'away'), row('c', 'in'), row('d', 'left')], String)
  expect(participants.list.map(({ name }) => name)).toEqual(['Me', 'a', 'b'])
  await environment.pass(2_000)
  expect(participants.list.map(({ name, away }) => [name, away])).toEqual([
    ['Me', false],
    ['a', false],
    ['b', true],
    ['c', true],
  ])
})

test('a participant is listed once when the media of an absent seat arrive, and again as away when they are lost', async () => {
  const environment = new TestEnvironment()
  const participants = newParticipants([], environment)
  participants.setSeats([row('a', 'in')], String)
  participants.update(peer('a'))
  await environment.pass(10_000)
  expect(participants.list.map(({ name, away }) => [name, away])).toEqual([
    ['Me', false],
    ['a', false],
  ])
  participants.remove(seat('a'))
  expect(participants.list.map(({ name }) => name)).toEqual(['Me'])
  await environment.pass(2_000)
  expect(participants.list.map(({ name, away }) => [name, away])).toEqual([
    ['Me', false],
    ['a', true],
  ])
})

test('my shared screen has no tile, is in the list of screens until I stop, and does not come back in the next call', () => {
  const participants = newParticipants([])
  participants.setMyScreen({} as MediaStream)
  expect(participants.sharingScreen).toEqual([participants.me])
  expect(participants.othersSharing).toEqual([])
  participants.clear()
  participants.join(joined([]), me)
  expect(participants.sharingScreen).toEqual([])
})

function newParticipants(peers: PeerView[], environment = new TestEnvironment()): Participants {
  const participants = new Participants(environment.forTab())
  participants.join(joined(peers), me)
  return participants
}

function seat(name: string): SeatId {
  return name as SeatId
}

function row(name: string, state: SeatRow['state']): SeatRow {
  return { id: seat(name), userId: name as UserId, state } as unknown as SeatRow
}

function peer(name: string, { mic, ...some }: Partial<PeerView> & { mic?: 'on' | 'off' } = {}): PeerView {
  return {
    seatId: seat(name),
    userId: name as UserId,
    name,
    away: false,
    quality: { up: 'good', down: 'good', reason: null },
    publications: mic ? [{ id: `${name} mic`, source: 'mic', paused: mic === 'off' }] : [],
    ...some,
  }
}

function joined(peers: PeerView[]): JoinedFrame {
  return { type: 'joined', seatId: seat('me'), peers, speakers: [] } as unknown as JoinedFrame
}
