import type { JoinedFrame, PeerView } from '@veche/sfu/router'
import type { SeatId, UserId } from '@veche/shared/ids'
import { expect, test } from 'vitest'
import { TestEnvironment } from '#lib/test/TestEnvironment.ts'
import { Roster } from './Roster.svelte.ts'

const me = { userId: 'me' as UserId, name: 'Me' }

test('I come first, and the others in the order in which they came', () => {
  const roster = newRoster([peer('a'), peer('b')])
  roster.put(peer('c'))
  roster.put(peer('a', { away: true }))
  expect(roster.tiles.map(({ name }) => name)).toEqual(['Me', 'a', 'b', 'c'])
  expect(roster.find(seat('a'))?.away).toBe(true)
  roster.gone(seat('b'))
  expect(roster.tiles.map(({ name }) => name)).toEqual(['Me', 'a', 'c'])
})

test('a tile is the same one for as long as its person is there', () => {
  const roster = newRoster([peer('a')])
  const tile = roster.find(seat('a'))
  roster.put(peer('a', { name: 'Another name' }))
  roster.enter(joined([peer('a')]), me)
  expect(roster.find(seat('a'))).toBe(tile)
  expect(roster.tiles).toHaveLength(2)
})

test('a microphone is on, off or not there at all', () => {
  const roster = newRoster([peer('a', { mic: 'on' }), peer('b', { mic: 'off' }), peer('c')])
  expect(roster.tiles.slice(1).map(({ mic }) => mic)).toEqual(['on', 'off', 'none'])
})

test('after a move the others have ten seconds to come as well, and are away so long', async () => {
  const environment = new TestEnvironment()
  const roster = newRoster([peer('a'), peer('b')], environment)
  roster.enter(joined([]), me)
  expect(roster.tiles.map(({ away }) => away)).toEqual([false, true, true])
  roster.put(peer('b'))
  expect(roster.find(seat('b'))?.away).toBe(false)
  await environment.pass(10_000)
  expect(roster.tiles.map(({ name }) => name)).toEqual(['Me', 'b'])
})

test('the worse of the two ways is what a line is worth, with its reason', () => {
  const roster = newRoster([peer('a')])
  roster.quality(seat('a'), { up: 'good', down: 'bad', reason: 'loss' })
  expect(roster.find(seat('a'))).toMatchObject({ quality: 'bad', qualityReason: 'loss' })
  roster.quality(seat('a'), { up: 'good', down: 'good', reason: null })
  expect(roster.find(seat('a'))).toMatchObject({ quality: 'good', qualityReason: null })
})

test('who speaks is marked, me too', () => {
  const roster = newRoster([peer('a'), peer('b')])
  roster.speak([seat('b'), seat('me')])
  expect(roster.tiles.map(({ speaking }) => speaking)).toEqual([true, false, true])
  roster.gone(seat('b'))
  expect(roster.speakers).toEqual([seat('me')])
})

function newRoster(peers: PeerView[], environment = new TestEnvironment()): Roster {
  const roster = new Roster(environment.forTab())
  roster.enter(joined(peers), me)
  return roster
}

function seat(name: string): SeatId {
  return name as SeatId
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
