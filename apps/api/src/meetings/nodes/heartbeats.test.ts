import { randomUUID } from 'node:crypto'
import type { BootId, MeetingId } from '@veche/shared/ids'
import type { Heartbeat } from '@veche/shared/nodes'
import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { TestUser } from '../../test/builders.ts'
import { type TestApi, newTestApi } from '../../test/harness.ts'
import { MediaNode } from '../../test/media-node.ts'
import { join, leave, newQuietMeeting, seatOf } from '../../test/meetings.ts'
import { endEmpty } from '../ending.ts'
import { buryNode, knownNodes } from './known-nodes.ts'
import { hear } from './heartbeats.ts'

let testApi: TestApi
let node: MediaNode
let meetingId: MeetingId
let anna: TestUser
let boris: TestUser
beforeAll(async () => {
  testApi = await newTestApi()
})
beforeEach(async () => {
  ;({ node, meetingId, anna, boris } = await newQuietMeeting(testApi))
})
const known = async (of = node) => (await knownNodes(testApi.deps.db)).find(({ id }) => id === of.id)!
const enter = async (who: TestUser) => {
  const joined = await join(testApi.deps, who, meetingId)
  node.enter(joined)
  return joined
}

describe('a heartbeat', () => {
  it('makes a node known, with its load, and asks for its capabilities until it has them', async () => {
    const fresh = new MediaNode(testApi.deps)
    fresh.capabilities = undefined
    fresh.load = 0.42
    expect(await fresh.beat()).toMatchObject({ wantCapabilities: true, meetings: [] })
    expect(await known(fresh)).toMatchObject({ able: false, dead: false, full: false })
    expect((await known(fresh)).load).toBeCloseTo(0.42)
    fresh.capabilities = { codecs: ['opus'] }
    expect(await fresh.beat()).toMatchObject({ wantCapabilities: false })
    fresh.capabilities = undefined
    expect(await fresh.beat()).toMatchObject({ wantCapabilities: false })
  })

  it('of a new life is the death of the old one, whose last words are not heard any more', async () => {
    const before = node.heartbeat()
    node.boot = randomUUID() as BootId
    await node.beat()
    expect(await hear(testApi.deps, before)).toBeNull()
    expect(await known()).toMatchObject({ boot: node.boot, dead: false })
  })

  it('of a life long past is none of a new one, however many have followed and whatever was thought of them', async () => {
    const lives: Heartbeat[] = []
    for (let life = 0; life < 3; life += 1) {
      lives.push(node.heartbeat())
      node.boot = randomUUID() as BootId
      await node.beat()
    }
    await buryNode(testApi.deps.db, node)
    for (const late of lives) expect(await hear(testApi.deps, late)).toBeNull()
    expect(await known()).toMatchObject({ boot: node.boot, dead: true })
    expect(await node.beat()).not.toBeNull()
    expect(await known()).toMatchObject({ boot: node.boot, dead: false })
  })

  it('of a past life changes nothing of the seats that were there', async () => {
    const { seat } = await enter(anna)
    node.see(meetingId, seat.id, 'away')
    const late = node.heartbeat()
    node.boot = randomUUID() as BootId
    await new MediaNode(testApi.deps, node.id).beat()
    expect(await hear(testApi.deps, late)).toBeNull()
    expect((await seatOf(testApi.deps, meetingId, anna)).state).toBe('in')
  })

  it('of a node that was thought dead is heard: it lives', async () => {
    await buryNode(testApi.deps.db, node)
    expect((await known()).dead).toBe(true)
    await node.beat()
    expect((await known()).dead).toBe(false)
  })

  it('offers what the least busy of its workers has, and is full when all are', async () => {
    const beat = node.heartbeat()
    const worker = { rooms: 1, peers: 1 }
    const half = [{ ...worker, load: 0.9, full: true }, { ...worker, load: 0.3, full: false }] // prettier-ignore
    await hear(testApi.deps, { ...beat, workers: half })
    expect(await known()).toMatchObject({ full: false })
    expect((await known()).load).toBeCloseTo(0.3)
    await hear(testApi.deps, { ...beat, workers: half.map((one) => ({ ...one, full: true })) })
    expect((await known()).full).toBe(true)
    await hear(testApi.deps, { ...beat, workers: [] })
    expect((await known()).full).toBe(true)
  })
})

describe('seats', () => {
  it('that fall silent are away, and back when they are heard again; nothing changes while nothing happens', async () => {
    const { seat } = await enter(anna)
    await node.beat()
    const { rev } = await seatOf(testApi.deps, meetingId, anna)
    await node.beat()
    node.see(meetingId, seat.id, 'away')
    await node.beat()
    expect(await seatOf(testApi.deps, meetingId, anna)).toMatchObject({ state: 'away', rev: rev + 1 })
    await node.beat()
    node.see(meetingId, seat.id, 'in')
    await node.beat()
    await node.beat()
    expect(await seatOf(testApi.deps, meetingId, anna)).toMatchObject({ state: 'in', rev: rev + 2 })
  })

  it('that the node does not know are away after five seconds, and not before: a ticket takes its time', async () => {
    await join(testApi.deps, anna, meetingId)
    await testApi.passTime(4_000)
    await node.beat()
    expect((await seatOf(testApi.deps, meetingId, anna)).state).toBe('in')
    await testApi.passTime(1_500)
    await node.beat()
    expect((await seatOf(testApi.deps, meetingId, anna)).state).toBe('away')
  })

  it('of an earlier epoch say nothing of the one who sits there now', async () => {
    const { seat } = await enter(anna)
    node.see(meetingId, seat.id, 'away')
    const stale = node.heartbeat()
    await join(testApi.deps, anna, meetingId)
    await hear(testApi.deps, stale)
    expect((await seatOf(testApi.deps, meetingId, anna)).state).toBe('in')
  })

  it('are noted as seen every ten seconds at most, without a revision', async () => {
    await enter(anna)
    const before = await seatOf(testApi.deps, meetingId, anna)
    await testApi.passTime(9_000)
    await node.beat()
    expect((await seatOf(testApi.deps, meetingId, anna)).seen_at).toEqual(before.seen_at)
    await testApi.passTime(2_000)
    await node.beat()
    const after = await seatOf(testApi.deps, meetingId, anna)
    expect(after.seen_at.getTime()).toBeGreaterThan(before.seen_at.getTime() + 10_000)
    expect(after.rev).toBe(before.rev)
  })
})

describe('the answer', () => {
  it('carries what is newer than what the node has applied, and nothing once it has', async () => {
    const joined = await enter(anna)
    const first = await node.beat()
    expect(first?.meetings).toMatchObject([
      { meeting: meetingId, epoch: 1, state: 'live', seats: [{ seat: joined.seat.id, epoch: 1, state: 'in' }] },
    ])
    expect((await node.beat())?.meetings).toEqual([])
    const other = await enter(boris)
    const seats = (await node.beat())?.meetings[0]?.seats.map(({ seat }) => seat)
    expect(seats).toEqual([other.seat.id])
  })

  it('that is lost comes again, whichever process gives it', async () => {
    const joined = await enter(anna)
    const lost = await hear(testApi.anotherProcess(), node.heartbeat())
    expect(lost?.meetings).toMatchObject([{ meeting: meetingId, seats: [{ seat: joined.seat.id }] }])
    expect((await node.beat())?.meetings).toEqual(lost?.meetings)
  })

  it('tells a node nothing of what is on another, and believes nothing that it says of it', async () => {
    const { seat } = await enter(anna)
    const liar = new MediaNode(testApi.deps)
    liar.rooms.set(meetingId, { epoch: 1, rev: 0, seats: new Map([[seat.id, { epoch: 1, state: 'away' }]]) })
    expect((await liar.beat())?.meetings).toMatchObject([{ meeting: meetingId, state: 'moved', seats: [] }])
    expect((await seatOf(testApi.deps, meetingId, anna)).state).toBe('in')
  })

  it('brings an order that was lost on its way', async () => {
    const joined = await enter(anna)
    await enter(boris)
    await node.beat()
    const obey = node.obey.bind(node)
    // The nudge does not arrive.
    node.obey = () => undefined
    await leave(testApi.deps, anna, joined)
    node.obey = obey
    await node.beat()
    expect(node.rooms.get(meetingId)?.seats.has(joined.seat.id)).toBe(false)
  })

  it('tells of whoever sits there without a right to, whatever the node says that it has applied', async () => {
    const joined = await enter(anna)
    await leave(testApi.deps, anna, joined)
    node.enter(joined)
    node.rooms.get(meetingId)!.rev = 1_000
    expect((await node.beat())?.meetings[0]?.seats).toMatchObject([{ seat: joined.seat.id, state: 'left' }])
    const again = await enter(anna)
    node.rooms.get(meetingId)!.seats.set(again.seat.id, { epoch: 1, state: 'in' })
    node.rooms.get(meetingId)!.rev = 1_000
    expect((await node.beat())?.meetings[0]?.seats).toMatchObject([{ seat: again.seat.id, epoch: 2 }])
  })

  it('says of a meeting that lives elsewhere that it has moved, and of one that is over that it has ended', async () => {
    const joined = await enter(anna)
    const other = await MediaNode.start(testApi.deps)
    await buryNode(testApi.deps.db, node)
    const moved = await join(testApi.deps, anna, meetingId)
    expect(moved.node.id).toBe(other.id)
    expect((await node.beat())?.meetings).toMatchObject([{ meeting: meetingId, state: 'moved', epoch: 2 }])
    expect(node.rooms.size).toBe(0)
    await leave(testApi.deps, anna, moved)
    await endEmpty(testApi.deps, meetingId, 0)
    node.enter(joined)
    expect((await node.beat())?.meetings).toMatchObject([{ meeting: meetingId, state: 'ended' }])
    other.kill()
  })

  it('has a meeting that came back to a node begin there anew, without closing what has begun', async () => {
    await enter(anna)
    await testApi.deps.db.updateTable('meetings').set({ epoch: 3 }).where('id', '=', meetingId).execute()
    expect((await node.beat())?.meetings).toMatchObject([{ state: 'live', epoch: 3 }])
    expect(node.rooms.has(meetingId)).toBe(false)
    node.enter(await join(testApi.deps, anna, meetingId), 3)
    await node.beat()
    expect(node.rooms.get(meetingId)).toMatchObject({ epoch: 3 })
  })

  it('says of a meeting that nobody knows, as after a restored backup, that it has ended', async () => {
    node.rooms.set(randomUUID() as MeetingId, { epoch: 4, rev: 9, seats: new Map() })
    expect((await node.beat())?.meetings).toMatchObject([{ state: 'ended', epoch: 4 }])
    expect(node.rooms.size).toBe(0)
  })

  it('may be given by any process', async () => {
    const joined = await enter(anna)
    const another = testApi.anotherProcess()
    node.see(meetingId, joined.seat.id, 'away')
    expect((await node.beat(another))?.keys).toEqual(testApi.deps.tickets.publicKeys)
    expect((await seatOf(testApi.deps, meetingId, anna)).state).toBe('away')
  })
})
