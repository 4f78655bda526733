import { beforeAll, describe, expect, test } from 'vitest'
import { appRouter } from '../router.ts'
import { accountLaws } from '../test/laws/account-laws.ts'
import { newUser } from '../test/builders.ts'
import { chatLaws, newChatCast } from '../test/laws/chat-laws.ts'
import { type TestApi, newTestApi } from '../test/harness.ts'
import { meetingLaws, newMeetingCast } from '../test/laws/meeting-laws.ts'
import { newOnlyNode } from '../test/meetings.ts'
import { Observer } from '../test/Observer.ts'
import { signUpUser } from '../test/browser.ts'

describe('what a client holds, plus the frames, equals a fresh fetch', () => {
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

/** Observers whose session ended by the action hold nothing more; the others hold what is true, and no frame left a gap. */
async function expectLaw(observers: Observer[], action: () => Promise<unknown>): Promise<void> {
  await action()
  for (const observer of observers) await observer.expectEqualsFetchOrEnded()
  expect(observers.some((observer) => !observer.over)).toBe(true)
  for (const observer of observers) expect(observer.gaps).toBe(0)
  for (const observer of observers) observer.close()
}
