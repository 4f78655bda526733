import { sql } from 'kysely'
import { beforeAll, expect, it } from 'vitest'
import { type TestApi, newTestApi } from '../test/harness.ts'
import { MediaNode } from '../test/nodes/media-node.ts'
import { addEndedMeetings, join, newMeeting, planOf } from '../test/meetings.ts'
import { meetingRowSources } from './rows.ts'

let testApi: TestApi
beforeAll(async () => {
  testApi = await newTestApi()
  await MediaNode.start(testApi.deps)
})

it('a frame of a user scope reads the seats that changed, however many old seats there are', async () => {
  const { people, meetingId } = await newMeeting(testApi.deps)
  const { userId } = people[0]!
  await join(testApi.deps, people[0]!, meetingId)
  await addEndedMeetings(testApi.deps, { meetingId, userId, count: 1_000 })
  const mySeats = meetingRowSources.find(({ table }) => table === 'mySeats')!
  const changed = mySeats.rows(testApi.deps.db, userId).where(sql<boolean>`seats.user_rev > 1`)
  expect(await planOf(testApi.deps, sql`${changed.orderBy('seats.user_rev')}`)).toMatch(/Index Cond: .*user_rev/)
  expect(await changed.execute()).toHaveLength(1)
})
