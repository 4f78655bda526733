import { beforeAll, expect, test } from 'vitest'
import { ownRedisPrefix } from '../env.ts'
import { newDirect, newGroup, newUser } from '../test/builders.ts'
import { callerFor, type TestApi, newTestApi } from '../test/harness.ts'
import { Observer } from '../test/Observer.ts'

let testApi: TestApi
beforeAll(async () => void (testApi = await newTestApi()))

test('presence tells who came online and went offline, and counts one remaining tab as online', async () => {
  const [one, other] = [await newUser(testApi.deps), await newUser(testApi.deps)]
  await newDirect(testApi.deps, one, other)
  const elsewhere = testApi.anotherProcess()
  const watcher = await Observer.open(testApi.deps, one)
  const presence = () =>
    watcher.signals.findLast((signal) => signal.kind === 'presence' && signal.userId === other.userId)
  const [first, second] = [await Observer.open(testApi.deps, other), await Observer.open(elsewhere, other)]
  await expect.poll(() => presence()).toMatchObject({ online: true })
  first.close()
  const known = () => callerFor(testApi.deps, one).users.presence({ ids: [other.userId] })
  await expect.poll(known).toMatchObject([{ online: true }])
  second.close()
  await expect.poll(() => presence()).toMatchObject({ online: false })
  watcher.close()
})

test('presence sends no signal for a user who was known to be online, for example after a restart', async () => {
  const [one, known, fresh] = [await newUser(testApi.deps), await newUser(testApi.deps), await newUser(testApi.deps)]
  await newGroup(testApi.deps, [one, known, fresh])
  const watcher = await Observer.open(testApi.deps, one)
  await testApi.deps.redis.set(`${ownRedisPrefix(testApi.env)}:online:${known.userId}`, '1')
  const come = [await Observer.open(testApi.deps, known), await Observer.open(testApi.deps, fresh)]
  const news = () => watcher.signals.flatMap((signal) => (signal.kind === 'presence' ? [signal.userId] : []))
  await expect.poll(() => news()).toEqual([fresh.userId])
  for (const observer of [watcher, ...come]) observer.close()
})

test('presence of many people is sent in small batches until all are told', async () => {
  const people = await Promise.all(Array.from({ length: 12 }, () => newUser(testApi.deps)))
  await newGroup(testApi.deps, people)
  const watcher = await Observer.open(testApi.deps, people[0]!)
  const come = await Promise.all(people.slice(1).map((person) => Observer.open(testApi.deps, person)))
  const news = () => new Set(watcher.signals.flatMap((signal) => (signal.kind === 'presence' ? [signal.userId] : [])))
  await expect.poll(news).toEqual(new Set(people.slice(1).map(({ userId }) => userId)))
  for (const observer of [watcher, ...come]) observer.close()
})
