import { randomUUID } from 'node:crypto'
import type { DB } from '@veche/db/types.gen'
import type { BootId, MeetingId } from '@veche/shared/ids'
import { type RawBuilder, sql, type Transaction } from 'kysely'
import { beforeAll, beforeEach, expect, it } from 'vitest'
import type { TestUser } from '../../test/builders.ts'
import { type TestApi, newTestApi } from '../../test/harness.ts'
import { lockWaits } from '../../test/locks.ts'
import type { MediaNode } from '../../test/media-node.ts'
import { addPast, join, newQuietMeeting, planOf, seatOf } from '../../test/meetings.ts'
import { comparing } from './reconciling.ts'

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
const enter = async (who: TestUser) => {
  const joined = await join(testApi.deps, who, meetingId)
  node.enter(joined)
  return joined
}

/** The heartbeat stands still where it wants this lock, and goes on when the test is done with it. */
async function meanwhile(
  locked: RawBuilder<unknown>,
  during: (tx: Transaction<DB>) => Promise<unknown>,
): Promise<void> {
  let beating: Promise<unknown> = Promise.resolve()
  await testApi.deps.db.transaction().execute(async (tx) => {
    await locked.execute(tx)
    beating = node.beat()
    beating.catch(() => undefined)
    await during(tx)
  })
  await beating
}
it('a heartbeat waits for nobody to note whom it has seen', async () => {
  await enter(anna)
  await enter(boris)
  await testApi.passTime(11_000)
  await testApi.deps.db.transaction().execute(async (tx) => {
    await sql`select from seats where meeting_id = ${meetingId} and user_id = ${anna.userId} for update`.execute(tx)
    expect(await node.beat()).not.toBeNull()
  })
  const [one, two] = [await seatOf(testApi.deps, meetingId, anna), await seatOf(testApi.deps, meetingId, boris)]
  expect(two.seen_at.getTime()).toBeGreaterThan(one.seen_at.getTime() + 10_000)
})

it('a heartbeat says nothing of a meeting that moves away while it is written', async () => {
  const { seat } = await enter(anna)
  node.see(meetingId, seat.id, 'away')
  await meanwhile(sql`select from scopes where id = ${meetingId} for update`, async (tx) => {
    await expect.poll(() => lockWaits(testApi.deps)).toBe(1)
    await tx
      .updateTable('meetings')
      .set({ epoch: 2, node_boot: randomUUID() as BootId })
      .where('id', '=', meetingId)
      .execute()
  })
  expect((await seatOf(testApi.deps, meetingId, anna)).state).toBe('in')
})

it('a heartbeat has seen who is back before that is written, so that nobody counts as gone meanwhile', async () => {
  const { seat } = await enter(anna)
  node.see(meetingId, seat.id, 'away')
  await node.beat()
  await testApi.passTime(11 * 60_000)
  node.see(meetingId, seat.id, 'in')
  await meanwhile(sql`select from scopes where id = ${meetingId} for update`, async () => {
    await expect.poll(() => lockWaits(testApi.deps)).toBe(1)
    const { state, seen_at } = await seatOf(testApi.deps, meetingId, anna)
    expect(state).toBe('away')
    expect(testApi.clock.now() - seen_at.getTime()).toBeLessThan(60_000)
  })
})

it('a heartbeat looks at no meetings but those of its node', async () => {
  const joined = await enter(anna)
  await addPast(testApi.deps, { meetingId, userId: anna.userId, count: 5_000 })
  expect(await planOf(testApi.deps, comparing(node.heartbeat()))).not.toMatch(/Seq Scan on (meetings|scopes)/)
  expect((await node.beat())?.meetings[0]?.seats).toMatchObject([{ seat: joined.seat.id }])
})
