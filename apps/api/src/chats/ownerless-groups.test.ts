import { beforeAll, expect, test } from 'vitest'
import { newGroup, newUser, type TestUser } from '../test/builders.ts'
import { callerFor, newTestApi, type TestApi } from '../test/harness.ts'
import { handOverGroups } from './ownerless-groups.ts'

let testApi: TestApi
let anna: TestUser
let boris: TestUser
let vera: TestUser
beforeAll(async () => {
  testApi = await newTestApi()
  ;[anna, boris, vera] = [await newUser(testApi.deps), await newUser(testApi.deps), await newUser(testApi.deps)]
})

const as = (who: TestUser) => callerFor(testApi.deps, who).chats

function setDisabled({ userId }: TestUser, disabled: boolean) {
  return testApi.deps.db
    .updateTable('users')
    .set({ disabled_at: disabled ? new Date() : null })
    .where('id', '=', userId)
    .execute()
}

async function ownersOf(chatId: Awaited<ReturnType<typeof newGroup>>, by: TestUser) {
  const { members } = await as(by).members({ chatId })
  return members.filter(({ role }) => role === 'owner').map(({ person }) => person.id)
}

test('a group whose only owner is disabled goes to its moderator, who is told, and goes on with both when the owner is back', async () => {
  const owner = await newUser(testApi.deps)
  const chatId = await newGroup(testApi.deps, [owner, anna, boris])
  await as(owner).setRole({ chatId, userId: boris.userId, role: 'moderator' })
  await setDisabled(owner, true)
  await Promise.all([handOverGroups(testApi.deps), handOverGroups(testApi.anotherProcess())])
  expect(await ownersOf(chatId, boris)).toContain(boris.userId)
  const { messages } = await callerFor(testApi.deps, anna).messages.history({ chatId })
  const told = messages.filter(({ system }) => system?.event === 'role' && system.role === 'owner')
  expect(told.map(({ authorId, system }) => [authorId, system])).toEqual([
    [boris.userId, { event: 'role', userId: boris.userId, role: 'owner' }],
  ])
  await setDisabled(owner, false)
  await handOverGroups(testApi.deps)
  expect((await ownersOf(chatId, anna)).sort()).toEqual([owner.userId, boris.userId].sort())
})

test('without a moderator the longest-standing member inherits, and never one who is disabled or has left', async () => {
  const [owner, gone, disabled] = [
    await newUser(testApi.deps),
    await newUser(testApi.deps),
    await newUser(testApi.deps),
  ]
  const chatId = await newGroup(testApi.deps, [owner, gone, disabled])
  await as(owner).addMembers({ chatId, userIds: [vera.userId] })
  await as(gone).leave({ chatId })
  await setDisabled(disabled, true)
  await setDisabled(owner, true)
  await handOverGroups(testApi.deps)
  expect(await ownersOf(chatId, vera)).toContain(vera.userId)
})

test('a group with an enabled owner, or with nobody who is enabled, stays as it is', async () => {
  const [owner, other, member] = [await newUser(testApi.deps), await newUser(testApi.deps), await newUser(testApi.deps)]
  const kept = await newGroup(testApi.deps, [owner, other, anna])
  await as(owner).setRole({ chatId: kept, userId: other.userId, role: 'owner' })
  const empty = await newGroup(testApi.deps, [owner, member])
  for (const each of [owner, member]) await setDisabled(each, true)
  await handOverGroups(testApi.deps)
  expect((await ownersOf(kept, anna)).sort()).toEqual([owner.userId, other.userId].sort())
  const roles = await testApi.deps.db
    .selectFrom('members')
    .select(['user_id', 'role'])
    .where('chat_id', '=', empty)
    .orderBy('role')
    .execute()
  expect(roles.map(({ role }) => role)).toEqual(['member', 'owner'])
})
