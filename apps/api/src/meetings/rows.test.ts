import { sql } from 'kysely'
import { beforeAll, expect, it } from 'vitest'
import { type House, newHouse } from '../test/harness.ts'
import { MediaNode } from '../test/media-node.ts'
import { addEndedMeetings, join, newMeeting, planOf } from '../test/meetings.ts'
import { rowSources } from './rows.ts'

let house: House
beforeAll(async () => {
  house = await newHouse()
  await MediaNode.start(house.deps)
})

it('a frame of a user scope reads the seats that changed, however many old seats there are', async () => {
  const { people, meetingId } = await newMeeting(house.deps)
  const { userId } = people[0]!
  await join(house.deps, people[0]!, meetingId)
  await addEndedMeetings(house.deps, { meetingId, userId, count: 1_000 })
  const mySeats = rowSources.find(({ table }) => table === 'mySeats')!
  const changed = mySeats.rows(house.deps.db, userId).where(sql<boolean>`seats.user_rev > 1`)
  expect(await planOf(house.deps, sql`${changed.orderBy('seats.user_rev')}`)).toMatch(/Index Cond: .*user_rev/)
  expect(await changed.execute()).toHaveLength(1)
})
