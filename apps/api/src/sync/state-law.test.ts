import { newId } from '@veche/shared/ids'
import { serverLimits } from '@veche/shared/server-limits'
import { beforeAll, describe, expect, test } from 'vitest'
import { appRouter } from '../router.ts'
import { accountLaws } from '../test/laws/account-laws.ts'
import { addMessages, newUser } from '../test/builders.ts'
import { chatLaws, newChatCast } from '../test/laws/chat-laws.ts'
import { callerFor, type TestApi, newTestApi } from '../test/harness.ts'
import { meetingLaws, newMeetingCast } from '../test/laws/meeting-laws.ts'
import { addMemberships, addOwnSeats, addPeople, addSeats, addSessions, currentRows } from '../test/many-rows.ts'
import { newOnlyNode } from '../test/meetings.ts'
import { Observer } from '../test/Observer.ts'
import { signUpUser } from '../test/http/browser.ts'

describe('the state law', () => {
  let testApi: TestApi
  beforeAll(async () => {
    testApi = await newTestApi()
  })

  test.each(Object.entries(chatLaws))(
    'after %s, what clients hold plus the frames equals a fresh fetch',
    async (_name, action) => {
      const cast = await newChatCast(testApi)
      const people = [cast.anna, cast.boris, cast.vera, cast.outsider]
      await expectLaw(await Promise.all(people.map((who) => Observer.open(testApi.deps, who))), () =>
        action(testApi, cast),
      )
    },
  )

  test.each(Object.entries(accountLaws))(
    'after %s, what clients hold plus the frames equals a fresh fetch',
    async (_name, action) => {
      const nora = await signUpUser(testApi.deps)
      const watching = [
        await Observer.open(testApi.deps, nora),
        await Observer.open(testApi.deps, await newUser(testApi.deps)),
      ]
      await expectLaw(watching, () => action(testApi, nora))
    },
  )

  test.each(Object.entries(meetingLaws))(
    'after %s, what clients hold plus the frames equals a fresh fetch',
    async (_name, action) => {
      const cast = await newMeetingCast(testApi, await newOnlyNode(testApi))
      const people = [cast.anna, cast.boris, cast.vera, cast.outsider]
      const watching = await Promise.all(people.map((who) => Observer.open(testApi.deps, who)))
      expect(watching.filter((observer) => observer.held.has(cast.meetingId))).toHaveLength(2)
      await expectLaw(watching, () => action(testApi, cast))
    },
  )

  test('every mutation has a state law', () => {
    const procedures = appRouter._def.procedures as unknown as Record<string, { _def: { type: string } }>
    const mutations = Object.keys(procedures).filter((path) => procedures[path]?._def.type === 'mutation')
    expect(mutations.length).toBeGreaterThan(30)
    expect(mutations.filter((path) => !(path in chatLaws) && !(path in accountLaws) && !(path in meetingLaws))).toEqual(
      [],
    )
  })
})

describe('the state law of tables with more rows than an answer', () => {
  const many = serverLimits.sync.rows + 100

  test('a client that held the scopes before and one that comes later hold every row, and the same after each change', async () => {
    const testApi = await newTestApi()
    const { deps } = testApi
    const cast = await newMeetingCast(testApi, await newOnlyNode(testApi))
    const { anna, group, meetingId } = cast
    const before = await Observer.open(deps, anna)
    const rowsBefore = countRows(before)
    await addPeople(deps, many)
    await addMemberships(deps, anna.userId, many)
    await addSessions(deps, anna.userId, many)
    await addOwnSeats(deps, anna.userId, { chatId: group, count: many })
    await addSeats(deps, meetingId, { except: anna.userId, count: many })
    await addMessages(deps, group, { author: anna, count: many, body: 'many' })
    await deps.liveHub.poll()
    await before.settled()
    const after = await Observer.open(deps, anna)
    const added = { memberships: currentRows, sessions: currentRows, mySeats: currentRows, people: many }
    for (const [table, count] of Object.entries(added))
      for (const observer of [before, after])
        expect(countRows(observer)[table], table).toBe((rowsBefore[table] ?? 0) + count)
    expect(before.rows('messages').filter(({ body }) => body === 'many')).toHaveLength(many)
    for (const observer of [before, after])
      expect(observer.rows('seats').filter((seat) => seat.meetingId === meetingId)).toHaveLength(2 + currentRows)
    const api = callerFor(deps, anna)
    await expectLaw([before, after], async () => {
      await api.chats.setMine({ chatId: group, pinned: true })
      await api.messages.send({ chatId: group, clientId: newId(), body: 'one more' })
      await api.users.updateProfile({ name: 'Anna among many' })
      await api.meetings.leave({ meetingId, seatEpoch: cast.seats.anna.seatEpoch })
    })
  })
})

const countRows = (observer: Observer): Record<string, number> =>
  Object.fromEntries(
    (['memberships', 'sessions', 'mySeats', 'people'] as const).map((table) => [table, observer.rows(table).length]),
  )

/** Observers whose session ended by the action hold nothing more; the others hold what is true, and no frame left a gap. */
async function expectLaw(observers: Observer[], action: () => Promise<unknown>): Promise<void> {
  await action()
  for (const observer of observers) await observer.expectEqualsFetchOrEnded()
  expect(observers.some((observer) => !observer.over)).toBe(true)
  for (const observer of observers) expect(observer.gaps).toBe(0)
  for (const observer of observers) observer.close()
}
