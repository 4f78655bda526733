import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { MeetingId } from '@veche/shared/ids'
import type { TestUser } from '../test/builders.ts'
import { callerFor, type TestApi, newTestApi } from '../test/harness.ts'
import type { MediaNode } from '../test/media-node.ts'
import { join, leave, meetingRow, newQuietMeeting, seatOf } from '../test/meetings.ts'
import { buryNode } from './nodes/known-nodes.ts'
import { sweepMeetings } from './sweep.ts'

const minute = 60_000
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
const stateOf = async (who: TestUser) => (await seatOf(testApi.deps, meetingId, who)).state
/** Time goes by, the node is heard, and the clock's work is done. */
async function pass(ms: number, given: { heard?: boolean } = {}): Promise<void> {
  await testApi.passTime(ms)
  if (given.heard !== false) await node.beat()
  await sweepMeetings(testApi.deps)
}

describe('a seat', () => {
  it('is kept for ten minutes after the last sign of life, and then it is given up as of then', async () => {
    const joined = await join(testApi.deps, anna, meetingId)
    node.enter(joined)
    await pass(11_000)
    node.see(meetingId, joined.seat.id, 'away')
    await pass(1_000)
    const { seen_at, state } = await seatOf(testApi.deps, meetingId, anna)
    expect(state).toBe('away')
    await pass(10 * minute - 5_000)
    expect(await stateOf(anna)).toBe('away')
    await pass(5_000)
    expect(await stateOf(anna)).toBe('left')
    const [been] = await callerFor(testApi.deps, anna).meetings.attendance({ meetingId })
    expect(been?.wentAt).toBe(seen_at.toISOString())
    expect((await meetingRow(testApi.deps, meetingId)).empty_since).not.toBeNull()
  })

  it('whose node died is away after five seconds, also when nobody comes back', async () => {
    node.enter(await join(testApi.deps, anna, meetingId))
    // The last sign of life is that of the node, which is not noted at each seat.
    await pass(9_000)
    await buryNode(testApi.deps.db, node)
    await pass(4_000, { heard: false })
    expect(await stateOf(anna)).toBe('in')
    await pass(2_000, { heard: false })
    expect(await stateOf(anna)).toBe('away')
    await pass(10 * minute, { heard: false })
    expect(await stateOf(anna)).toBe('left')
  })

  it('on a node that is only silent is left alone: its call may go on', async () => {
    const joined = await join(testApi.deps, anna, meetingId)
    const other = await join(testApi.deps, boris, meetingId)
    node.enter(joined)
    node.enter(other)
    node.see(meetingId, other.seat.id, 'away')
    await node.beat()
    await pass(30 * minute, { heard: false })
    expect([await stateOf(anna), await stateOf(boris)]).toEqual(['in', 'away'])
    node.see(meetingId, other.seat.id, 'in')
    await pass(1_000)
    expect([await stateOf(anna), await stateOf(boris)]).toEqual(['in', 'in'])
  })

  it('somebody takes again while it is being given up stays theirs', async () => {
    const joined = await join(testApi.deps, anna, meetingId)
    node.enter(joined)
    node.see(meetingId, joined.seat.id, 'away')
    await node.beat()
    await testApi.passTime(11 * minute)
    await node.beat()
    await Promise.all([sweepMeetings(testApi.deps), join(testApi.deps, anna, meetingId)])
    await sweepMeetings(testApi.deps)
    expect(await stateOf(anna)).toBe('in')
  })
})

describe('a meeting', () => {
  it('that nobody is in ends after half a minute, and not while somebody is away', async () => {
    const joined = await join(testApi.deps, anna, meetingId)
    node.enter(joined)
    node.see(meetingId, joined.seat.id, 'away')
    await pass(minute)
    expect((await meetingRow(testApi.deps, meetingId)).state).toBe('live')
    await leave(testApi.deps, anna, joined)
    await pass(29_000)
    expect((await meetingRow(testApi.deps, meetingId)).state).toBe('live')
    await pass(2_000)
    const ended = await meetingRow(testApi.deps, meetingId)
    expect(ended).toMatchObject({ state: 'ended', ended_at: ended.empty_since })
    await expect.poll(() => node.rooms.size).toBe(0)
  })

  it('that nobody ever came to ends too, having lasted no time', async () => {
    await pass(31_000)
    const ended = await meetingRow(testApi.deps, meetingId)
    expect(ended.state).toBe('ended')
    expect(ended.ended_at!.getTime() - ended.started_at.getTime()).toBeLessThan(1_000)
  })

  it('ends once, whoever sweeps', async () => {
    await testApi.passTime(31_000)
    await Promise.all([
      sweepMeetings(testApi.deps),
      sweepMeetings(testApi.anotherProcess()),
      sweepMeetings(testApi.deps),
    ])
    const { chat_id } = await meetingRow(testApi.deps, meetingId)
    const { messages } = await callerFor(testApi.deps, anna).messages.history({ chatId: chat_id })
    const revs = messages.filter(({ kind }) => kind === 'call').map(({ rev }) => rev)
    const { rev } = await callerFor(testApi.deps, anna).sync.scope({ id: chat_id, since: 0 })
    expect(revs).toEqual([rev])
  })
})
