import { newId, type UserId } from '@veche/shared/ids'
import { beforeAll, describe, expect, test } from 'vitest'
import { newUser, type TestUser } from '../test/builders.ts'
import { callerFor, type TestApi, newTestApi } from '../test/harness.ts'
import { Observer } from '../test/Observer.ts'
import { outcomeOf } from '../test/outcome.ts'

describe('people', () => {
  let testApi: TestApi
  let me: TestUser
  beforeAll(async () => {
    testApi = await newTestApi()
    me = await newUser(testApi.deps, { name: 'Zoe Last' })
    for (const name of ['boris', 'Anna', 'анна', 'Борис', 'Anna', 'Carl 100%']) await newUser(testApi.deps, { name })
  })
  const api = () => callerFor(testApi.deps, me)

  test('people are listed by name without regard to case, in pages, each once', async () => {
    const names: string[] = []
    let cursor: string | null = null
    do {
      const page: { people: { name: string }[]; next: string | null } = await api().users.people({ cursor, limit: 2 })
      expect(page.people.length).toBeLessThanOrEqual(2)
      names.push(...page.people.map(({ name }) => name))
      cursor = page.next
    } while (cursor)
    expect(names).toEqual(['Anna', 'Anna', 'boris', 'Carl 100%', 'Zoe Last', 'анна', 'Борис'])
  })

  test('people are found by a part of their name or handle, in any case, and the query is no pattern', async () => {
    const found = async (query: string) => (await api().users.people({ query })).people.map(({ name }) => name)
    expect(await found('ANN')).toEqual(['Anna', 'Anna'])
    expect(await found('АНН')).toEqual(['анна'])
    expect(await found('100%')).toEqual(['Carl 100%'])
    expect(await found('%')).toEqual(['Carl 100%'])
    await api().users.updateProfile({ handle: 'the_last_one' })
    expect(await found('@the_last')).toEqual(['Zoe Last'])
    expect(await found('')).toHaveLength(7)
  })

  test('disabled people are not listed, but answered by id', async () => {
    const gone = await newUser(testApi.deps, { name: 'Quentin Gone' })
    const owner = await newUser(testApi.deps, { role: 'owner', name: 'Owner' })
    await callerFor(testApi.deps, owner).admin.setDisabled({ userId: gone.userId, disabled: true })
    expect((await api().users.people({ query: 'Quentin' })).people).toEqual([])
    const [person] = await api().users.get({ ids: [gone.userId, newId<UserId>()] })
    expect(person).toMatchObject({ id: gone.userId, name: 'Quentin Gone', disabledAt: expect.any(String) })
  })

  test('people see no address, password or times of each other', async () => {
    const { people } = await api().users.people({ limit: 1 })
    expect(Object.keys(people[0] ?? {}).sort()).toEqual([
      'avatarId',
      'disabledAt',
      'handle',
      'id',
      'name',
      'rev',
      'role',
    ])
  })

  test('a guest is in no list of people, and nobody writes to a guest or adds one to a group', async () => {
    const guest = await newUser(testApi.deps, { kind: 'guest', name: 'Gustav Guest' })
    const owner = callerFor(testApi.deps, await newUser(testApi.deps, { role: 'owner' }))
    expect((await api().users.people({ query: 'Gustav' })).people).toEqual([])
    expect((await owner.admin.people({ query: 'Gustav' })).people).toEqual([])
    const { userId } = guest
    expect(await outcomeOf(api().chats.openDirect({ userId }))).toBe('user.not_found')
    expect(await outcomeOf(api().chats.createGroup({ id: newId(), title: 'All', userIds: [userId] }))).toBe(
      'user.not_found',
    )
  })
})

describe('my profile', () => {
  let testApi: TestApi
  beforeAll(async () => {
    testApi = await newTestApi()
  })

  test('a changed profile reaches everybody', async () => {
    const [me, other] = [await newUser(testApi.deps), await newUser(testApi.deps)]
    const observer = await Observer.open(testApi.deps, other)
    const row = await callerFor(testApi.deps, me).users.updateProfile({ name: 'New Name', handle: '@New_Name' })
    expect(row).toMatchObject({ name: 'New Name', handle: 'new_name' })
    await observer.expectEqualsFetch()
    expect(observer.rows('people').find(({ id }) => id === me.userId)).toEqual(row)
    observer.close()
  })

  test('an unchanged profile gets no new revision', async () => {
    const me = await newUser(testApi.deps)
    const api = callerFor(testApi.deps, me)
    const first = await api.users.updateProfile({ name: 'Same' })
    expect(await api.users.updateProfile({ name: 'Same' })).toEqual(first)
    expect(await api.users.updateProfile({})).toEqual(first)
  })

  test('handles stay unique when several people take one at the same time', async () => {
    const people = [await newUser(testApi.deps), await newUser(testApi.deps), await newUser(testApi.deps)]
    const outcomes = await Promise.all(
      people.map((who) => outcomeOf(callerFor(testApi.deps, who).users.updateProfile({ handle: 'wanted' }))),
    )
    expect(outcomes.sort()).toEqual(['auth.handle_taken', 'auth.handle_taken', 'ok'])
  })

  test('a handle must be of letters, digits and underscores and of the right length', async () => {
    const api = callerFor(testApi.deps, await newUser(testApi.deps))
    for (const handle of ['ab', 'x'.repeat(33), '1abc', 'a b c', 'имя', 'a-b-c', '', '_abc', 'abc\n'.repeat(2)])
      expect([handle, await outcomeOf(api.users.updateProfile({ handle }))]).toEqual([handle, 'input.invalid'])
  })
})

describe('my settings', () => {
  test('changed settings reach the user’s other devices and nobody else', async () => {
    const testApi = await newTestApi()
    const [me, other] = [await newUser(testApi.deps), await newUser(testApi.deps)]
    const [mine, others] = [await Observer.open(testApi.deps, me), await Observer.open(testApi.deps, other)]
    const row = await callerFor(testApi.deps, me).users.updateSettings({
      theme: 'dark',
      singleKeys: false,
      locale: 'ru',
    })
    expect(row).toMatchObject({ theme: 'dark', contrast: 'system', singleKeys: false, locale: 'ru', email: me.email })
    await mine.expectEqualsFetch()
    expect(mine.rows('settings')).toEqual([row])
    await others.expectEqualsFetch()
    expect(others.rows('settings').map(({ userId }) => userId)).toEqual([other.userId])
    const only = await callerFor(testApi.deps, me).users.updateSettings({ contrast: 'more' })
    expect(only).toMatchObject({ theme: 'dark', contrast: 'more', rev: row.rev + 1 })
    mine.close()
    others.close()
  })
})
