import { type ChatId, newId, type UserId } from '@veche/shared/ids'
import { limits } from '@veche/shared/limits'
import { beforeAll, describe, expect, test } from 'vitest'
import { newDirect, newGroup, newUser, say, type TestUser } from '../test/builders.ts'
import { callerFor, type TestApi, newTestApi } from '../test/harness.ts'

let testApi: TestApi
let anna: TestUser
let boris: TestUser
let vera: TestUser
beforeAll(async () => {
  testApi = await newTestApi()
  ;[anna, boris, vera] = [await newUser(testApi.deps), await newUser(testApi.deps), await newUser(testApi.deps)]
})

const as = (who: TestUser) => callerFor(testApi.deps, who).chats

describe('a direct chat', () => {
  test('two people have one direct chat, however often both open it at the same time', async () => {
    const asked = [1, 2, 3, 4].flatMap(() => [
      as(anna).openDirect({ userId: boris.userId }),
      as(boris).openDirect({ userId: anna.userId }),
    ])
    const answers = await Promise.all(asked)
    expect(new Set(answers.map((answer) => answer.id)).size).toBe(1)
    expect(answers[0]?.rows.chats?.[0]).toMatchObject({ kind: 'direct', memberCount: 2, title: null })
  })

  test('a direct chat cannot be made with oneself, an unknown or a disabled user', async () => {
    await expect(as(anna).openDirect({ userId: anna.userId })).rejects.toThrow('user.not_found')
    await expect(as(anna).openDirect({ userId: newId() })).rejects.toThrow('user.not_found')
    const gone = await newUser(testApi.deps)
    await testApi.deps.db.updateTable('users').set({ disabled_at: new Date() }).where('id', '=', gone.userId).execute()
    await expect(as(anna).openDirect({ userId: gone.userId })).rejects.toThrow('user.not_found')
  })

  test('a direct chat cannot be left or renamed, and nobody can be added', async () => {
    const chatId = await newDirect(testApi.deps, anna, vera)
    await expect(as(anna).leave({ chatId })).rejects.toThrow('chat.forbidden')
    await expect(as(anna).rename({ chatId, title: 'Ours' })).rejects.toThrow('chat.forbidden')
    await expect(as(anna).addMembers({ chatId, userIds: [boris.userId] })).rejects.toThrow('chat.forbidden')
  })
})

describe('a group', () => {
  test('a group that is asked for twice with one id is made once, and the id of another person is taken', async () => {
    const id = newId<ChatId>()
    const input = { id, title: 'Twice', userIds: [boris.userId] }
    const [first, second] = await Promise.all([as(anna).createGroup(input), as(anna).createGroup(input)])
    expect(second.rev).toBe(first.rev)
    await expect(as(vera).createGroup({ ...input, userIds: [] })).rejects.toThrow('chat.id_taken')
    await expect(as(vera).createGroup({ ...input, id: anna.userId as never, userIds: [] })).rejects.toThrow(
      'chat.id_taken',
    )
  })

  test('when two people take one id at the same time, one gets the group and the other an error', async () => {
    const [first, second] = [await newUser(testApi.deps), await newUser(testApi.deps)]
    const ids = Array.from({ length: 10 }, () => newId<ChatId>())
    const take = (who: TestUser) => ids.map((id) => as(who).createGroup({ id, title: 'Mine', userIds: [] }))
    const outcomes = await Promise.allSettled([...take(first), ...take(second)])
    const refused = outcomes.filter((outcome) => outcome.status === 'rejected')
    expect(refused.map(({ reason }) => (reason as Error).message)).toEqual(ids.map(() => 'chat.id_taken'))
  })

  test('a title that was cut in the middle of a character is stored with a replacement character', async () => {
    const cut = '🔔 and 🔔'.slice(0, -1)
    const chatId = await newGroup(testApi.deps, [anna], cut)
    const { chat } = await as(anna).rename({ chatId, title: `new ${cut}` })
    expect(chat.title).toBe('new 🔔 and \ufffd')
  })

  test('the last owner of a group must hand over before leaving, unless no member remains', async () => {
    const chatId = await newGroup(testApi.deps, [anna, boris])
    await expect(as(anna).leave({ chatId })).rejects.toThrow('chat.owner_must_hand_over')
    await expect(as(anna).setRole({ chatId, userId: anna.userId, role: 'member' })).rejects.toThrow(
      'chat.owner_must_hand_over',
    )
    await as(anna).setRole({ chatId, userId: boris.userId, role: 'owner' })
    await as(anna).leave({ chatId })
    await as(boris).leave({ chatId })
    await expect(as(boris).members({ chatId })).rejects.toThrow('chat.not_found')
  })

  test('every change of a chat that is unknown or foreign is refused in the same words', async () => {
    const foreign = await newGroup(testApi.deps, [anna, vera])
    const them = { userId: anna.userId }
    for (const chatId of [foreign, newId<ChatId>()]) {
      const changes = [
        () => as(boris).rename({ chatId, title: 'Mine' }),
        () => as(boris).configure({ chatId, historyForNew: false }),
        () => as(boris).addMembers({ chatId, userIds: [vera.userId] }),
        () => as(boris).removeMember({ chatId, ...them }),
        () => as(boris).setRole({ chatId, ...them, role: 'member' }),
        () => as(boris).leave({ chatId }),
        () => as(boris).setMine({ chatId, pinned: true }),
      ]
      for (const change of changes) await expect(change(), String(change)).rejects.toThrow('chat.not_found')
    }
  })

  test('a disabled co-owner does not let the last owner leave', async () => {
    const other = await newUser(testApi.deps)
    const chatId = await newGroup(testApi.deps, [anna, boris, other])
    await as(anna).setRole({ chatId, userId: other.userId, role: 'owner' })
    await testApi.deps.db.updateTable('users').set({ disabled_at: new Date() }).where('id', '=', other.userId).execute()
    await expect(as(anna).leave({ chatId })).rejects.toThrow('chat.owner_must_hand_over')
  })

  test('the only enabled owner may demote a disabled one', async () => {
    const other = await newUser(testApi.deps)
    const chatId = await newGroup(testApi.deps, [anna, boris, other])
    await as(anna).setRole({ chatId, userId: other.userId, role: 'owner' })
    await testApi.deps.db.updateTable('users').set({ disabled_at: new Date() }).where('id', '=', other.userId).execute()
    await as(anna).setRole({ chatId, userId: other.userId, role: 'member' })
    await expect(as(anna).leave({ chatId })).rejects.toThrow('chat.owner_must_hand_over')
  })

  test('when two owners leave at the same time, one of them stays', async () => {
    const chatId = await newGroup(testApi.deps, [anna, boris, vera])
    await as(anna).setRole({ chatId, userId: boris.userId, role: 'owner' })
    const left = await Promise.allSettled([as(anna).leave({ chatId }), as(boris).leave({ chatId })])
    expect(left.map((result) => result.status).sort()).toEqual(['fulfilled', 'rejected'])
  })

  test('a moderator adds and removes members, but changes neither owners nor roles', async () => {
    const chatId = await newGroup(testApi.deps, [anna, boris, vera])
    await as(anna).setRole({ chatId, userId: boris.userId, role: 'moderator' })
    await expect(as(boris).removeMember({ chatId, userId: anna.userId })).rejects.toThrow('chat.forbidden')
    await as(boris).removeMember({ chatId, userId: vera.userId })
    const { chat } = await as(boris).addMembers({ chatId, userIds: [vera.userId] })
    expect(chat.memberCount).toBe(3)
    await expect(as(boris).setRole({ chatId, userId: vera.userId, role: 'owner' })).rejects.toThrow('chat.forbidden')
    await expect(as(vera).addMembers({ chatId, userIds: [anna.userId] })).rejects.toThrow('chat.forbidden')
  })

  test('the member count stays right when many people come and go at the same time', async () => {
    const chatId = await newGroup(testApi.deps, [anna])
    const people = await Promise.all(Array.from({ length: 8 }, () => newUser(testApi.deps)))
    await Promise.all(people.map(({ userId }) => as(anna).addMembers({ chatId, userIds: [userId, boris.userId] })))
    await Promise.all(people.slice(0, 4).map((who) => as(who).leave({ chatId })))
    const page = await as(anna).members({ chatId })
    expect(page.members).toHaveLength(6)
    const { rows } = await callerFor(testApi.deps, anna).sync.scope({ id: chatId, since: 0 })
    expect(rows.chats?.[0]?.memberCount).toBe(6)
  })

  test('a removed member sees nothing of the group, and everything anew after coming back', async () => {
    const chatId = await newGroup(testApi.deps, [anna, boris])
    await as(anna).removeMember({ chatId, userId: boris.userId })
    await say(testApi.deps, anna, chatId, 'without Boris')
    const sync = callerFor(testApi.deps, boris).sync
    expect(await sync.scope({ id: chatId, since: 0 })).toMatchObject({ gone: true, rows: {} })
    await expect(callerFor(testApi.deps, boris).messages.history({ chatId })).rejects.toThrow('chat.not_found')
    await as(anna).addMembers({ chatId, userIds: [boris.userId] })
    // A cursor from his first time is stale: he gets the newest page.
    expect(await sync.scope({ id: chatId, since: 1 })).toMatchObject({ gone: false, reset: true })
  })

  test('members are paged by role and name, and found by name', async () => {
    const people = await Promise.all(['Ян', 'Ада', 'Мира'].map((name) => newUser(testApi.deps, { name })))
    const chatId = await newGroup(testApi.deps, [anna, ...people])
    const first = await as(anna).members({ chatId, limit: 2 })
    const second = await as(anna).members({ chatId, limit: 2, cursor: first.next })
    const names = [...first.members, ...second.members].map(({ person }) => person.name)
    expect(names).toEqual([anna.name, 'Ада', 'Мира', 'Ян'])
    expect((await as(anna).members({ chatId, query: 'МИР' })).members).toHaveLength(1)
  })

  test('adding members fails as a whole when one of them is unknown', async () => {
    const chatId = await newGroup(testApi.deps, [anna])
    await expect(as(anna).addMembers({ chatId, userIds: [boris.userId, newId()] })).rejects.toThrow('user.not_found')
    expect((await as(anna).members({ chatId })).members).toHaveLength(1)
  })

  test('one person adds a thousand people to groups in a day, a refusal costs nothing, and an administrator adds more', async () => {
    const owner = await newUser(testApi.deps)
    const admin = await newUser(testApi.deps, { role: 'admin' })
    const create = (who: TestUser, userIds: UserId[]) =>
      as(who).createGroup({ id: newId<ChatId>(), title: 'Everybody', userIds })
    const chatId = (await create(owner, [boris.userId])).id as ChatId
    await testApi.deps.limits.takeAddedMembers(owner.userId, limits.group.addedPerDay - 2)
    await expect(create(owner, [boris.userId, vera.userId])).rejects.toThrow('chat.too_many_added')
    await as(owner).addMembers({ chatId, userIds: [vera.userId] })
    await expect(as(owner).addMembers({ chatId, userIds: [anna.userId] })).rejects.toThrow('chat.too_many_added')
    await create(owner, [])
    expect((await as(owner).createGroup({ id: chatId, title: 'Again', userIds: [boris.userId, vera.userId] })).id).toBe(
      chatId,
    )
    // One is left of the day, and what adds nobody takes nothing of it.
    await testApi.deps.limits.giveBackAddedMembers(owner.userId, 1)
    await expect(as(owner).addMembers({ chatId: newId(), userIds: [anna.userId] })).rejects.toThrow('chat.not_found')
    await as(owner).addMembers({ chatId, userIds: [boris.userId] })
    await as(owner).addMembers({ chatId, userIds: [anna.userId] })
    await testApi.deps.limits.takeAddedMembers(admin.userId, limits.group.addedPerDay)
    await create(admin, [boris.userId, vera.userId])
  })

  test('a group is marked for those whom somebody added, also a second time, and not for the person who made it', async () => {
    const { id } = await as(anna).createGroup({ id: newId<ChatId>(), title: 'News', userIds: [boris.userId] })
    const chatId = id as ChatId
    const mark = async (who: TestUser) => (await membershipOf(who, chatId))?.unreadMark
    expect([await mark(anna), await mark(boris)]).toEqual([false, true])
    await as(boris).setMine({ chatId, unreadMark: false })
    await as(anna).removeMember({ chatId, userId: boris.userId })
    await as(anna).addMembers({ chatId, userIds: [boris.userId, vera.userId] })
    expect([await mark(boris), await mark(vera)]).toEqual([true, true])
  })

  test('a membership says whether its person left or was removed', async () => {
    const chatId = await newGroup(testApi.deps, [anna, boris, vera])
    await as(vera).leave({ chatId })
    await as(anna).removeMember({ chatId, userId: boris.userId })
    const removed = async (who: TestUser) => (await membershipOf(who, chatId))?.wasRemoved
    expect([await removed(vera), await removed(boris)]).toEqual([false, true])
    await as(anna).addMembers({ chatId, userIds: [boris.userId] })
    expect(await removed(boris)).toBe(false)
  })

  /** As their own devices get it. */
  async function membershipOf(who: TestUser, chatId: ChatId) {
    const { rows } = await callerFor(testApi.deps, who).sync.scope({ id: who.userId, since: 0 })
    return rows.memberships?.find((row) => row.chatId === chatId)
  }
})
