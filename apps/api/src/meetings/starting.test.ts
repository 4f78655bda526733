import { type ChatId, type MeetingId, newId } from '@veche/shared/ids'
import { beforeAll, describe, expect, it } from 'vitest'
import { newDirect, newGroup, newUser, type TestUser } from '../test/builders.ts'
import { callerFor, type TestApi, newTestApi } from '../test/harness.ts'
import { MediaNode } from '../test/media-node.ts'
import { chatRow, join, leave, meetingRow } from '../test/meetings.ts'
import { endEmpty } from './ending.ts'

let testApi: TestApi
let node: MediaNode
let anna: TestUser
let boris: TestUser
beforeAll(async () => {
  testApi = await newTestApi()
  node = await MediaNode.start(testApi.deps)
  ;[anna, boris] = [await newUser(testApi.deps), await newUser(testApi.deps)]
})
const as = (who: TestUser) => callerFor(testApi.deps, who)
const id = () => newId<MeetingId>()

async function cardsOf(who: TestUser, chatId: ChatId) {
  const { messages } = await as(who).messages.history({ chatId })
  return messages.filter(({ kind }) => kind === 'call')
}

describe('a meeting of a chat', () => {
  it('is one, whoever begins it and however often at once', async () => {
    const chatId = await newGroup(testApi.deps, [anna, boris])
    const elsewhere = callerFor(testApi.anotherProcess(), boris)
    const begin = ({ meetings } = as(anna)) => meetings.start({ id: id(), chatId })
    const looks = await Promise.all([begin(), begin(elsewhere), begin(), begin(elsewhere)])
    expect(new Set(looks.map((look) => look.meetingId)).size).toBe(1)
    expect(await cardsOf(anna, chatId)).toHaveLength(1)
    expect((await chatRow(testApi.deps, chatId)).live_meeting_id).toBe(looks[0]!.meetingId)
  })

  it('asked for again with the same id is the one that the lost answer spoke of, also when it is over', async () => {
    const chatId = await newGroup(testApi.deps, [anna, boris])
    const input = { id: id(), chatId }
    const [one, two] = await Promise.all([as(anna).meetings.start(input), as(anna).meetings.start(input)])
    expect([one.meetingId, two.meetingId]).toEqual([input.id, input.id])
    await endEmpty(testApi.deps, input.id, 0)
    expect(await as(anna).meetings.start(input)).toMatchObject({ meetingId: input.id, state: 'ended' })
    expect((await as(boris).meetings.start({ id: id(), chatId })).meetingId).not.toBe(input.id)
  })

  it('has an id of its own: those of others and of other things are taken', async () => {
    const chatId = await newGroup(testApi.deps, [anna, boris])
    const other = await newGroup(testApi.deps, [anna, boris])
    const { meetingId } = await as(anna).meetings.start({ id: id(), chatId })
    await expect(as(boris).meetings.start({ id: meetingId, chatId })).rejects.toThrow('meeting.id_taken')
    await expect(as(anna).meetings.start({ id: meetingId, chatId: other })).rejects.toThrow('meeting.id_taken')
    await expect(as(anna).meetings.start({ id: other as never, chatId: other })).rejects.toThrow('meeting.id_taken')
  })

  it('is kept open for whoever begins it while nobody is in it', async () => {
    const chatId = await newGroup(testApi.deps, [anna, boris])
    const { meetingId } = await as(anna).meetings.start({ id: id(), chatId })
    await testApi.passTime(29_000)
    await as(boris).meetings.start({ id: id(), chatId })
    await testApi.passTime(2_000)
    await node.beat()
    expect(await endEmpty(testApi.deps, meetingId, 30_000)).toBe(false)
  })
})

describe('the card of a meeting', () => {
  it('is a message of whoever began it, told again when it is over, with how many came and when the last one left', async () => {
    const chatId = await newGroup(testApi.deps, [anna, boris])
    const { meetingId } = await as(anna).meetings.start({ id: id(), chatId })
    const [live] = await cardsOf(boris, chatId)
    expect(live).toMatchObject({ authorId: anna.userId, body: null, call: { meetingId, state: 'live', people: 0 } })
    for (const who of [anna, boris, boris]) await leave(testApi.deps, who, await join(testApi.deps, who, meetingId))
    const { rev } = await as(anna).sync.scope({ id: chatId, since: 0 })
    expect(rev).toBe(live!.rev)
    const left = (await meetingRow(testApi.deps, meetingId)).empty_since!
    expect(await endEmpty(testApi.deps, meetingId, 0)).toBe(true)
    const [over, ...more] = await cardsOf(boris, chatId)
    expect(more).toEqual([])
    const endedAt = left.toISOString()
    expect(over).toMatchObject({ seq: live!.seq, rev: live!.rev + 1, call: { state: 'ended', endedAt, people: 2 } })
    const { live_meeting_id, rev: chatRev } = await chatRow(testApi.deps, chatId)
    expect([live_meeting_id, chatRev]).toEqual([null, over!.rev])
  })

  it('counts as unread once, for everybody but its author, and its end counts nothing', async () => {
    const chatId = await newGroup(testApi.deps, [anna, boris])
    const unread = async (who: TestUser) => (await as(who).sync.scope({ id: chatId, since: 0 })).unread?.unread
    const { meetingId } = await as(anna).meetings.start({ id: id(), chatId })
    expect([await unread(anna), await unread(boris)]).toEqual([0, 1])
    await endEmpty(testApi.deps, meetingId, 0)
    expect([await unread(anna), await unread(boris)]).toEqual([0, 1])
    await as(boris).messages.read({ chatId, seq: 99 })
    expect(await unread(boris)).toBe(0)
  })
})

describe('a meeting that begins with a link', () => {
  it('is a group of its own, made once, of whoever comes signed in', async () => {
    const input = { id: id(), chatId: newId<ChatId>(), title: 'Open house' }
    const looks = await Promise.all([as(anna).meetings.create(input), as(anna).meetings.create(input)])
    const [look] = looks
    expect(look).toMatchObject({ meetingId: input.id, chatId: input.chatId, title: 'Open house', count: 0 })
    expect(looks[1]).toMatchObject({ meetingId: input.id, code: look!.code })
    expect(await as(boris).meetings.byCode({ code: look!.code })).toMatchObject({ meetingId: input.id })
    await expect(as(boris).meetings.get({ meetingId: input.id })).rejects.toThrow('meeting.not_found')
    await expect(join(testApi.deps, boris, input.id)).rejects.toThrow('meeting.not_found')
    const generation = (link_generation: number) =>
      testApi.deps.db.updateTable('meetings').set({ link_generation }).where('id', '=', input.id).execute()
    await generation(2)
    await expect(as(boris).meetings.byCode({ code: look!.code })).rejects.toThrow('meeting.not_found')
    await expect(join(testApi.deps, boris, input.id, { code: look!.code })).rejects.toThrow('meeting.not_found')
    await generation(1)
    await join(testApi.deps, boris, input.id, { code: look!.code })
    const { members } = await as(anna).chats.members({ chatId: input.chatId })
    expect(members.map(({ person, role }) => [person.id, role])).toEqual([
      [anna.userId, 'owner'],
      [boris.userId, 'member'],
    ])
    const { messages } = await as(boris).messages.history({ chatId: input.chatId })
    expect(messages.at(-1)).toMatchObject({ authorId: boris.userId, system: { event: 'joined' } })
    await expect(as(boris).meetings.create(input)).rejects.toThrow('chat.id_taken')
  })

  it('whose group was made before a meeting could be, begins there all the same', async () => {
    const chatId = await newGroup(testApi.deps, [anna])
    expect(await as(anna).meetings.create({ id: id(), chatId, title: 'Late' })).toMatchObject({ chatId })
  })

  it('does not open a group that is there, but for those who let people in anyway', async () => {
    const chatId = await newGroup(testApi.deps, [anna, boris])
    await as(anna).chats.setRole({ chatId, userId: boris.userId, role: 'owner' })
    await as(boris).chats.setRole({ chatId, userId: anna.userId, role: 'member' })
    const input = { id: id(), chatId, title: 'Mine no more' }
    await expect(as(anna).meetings.create(input)).rejects.toThrow('chat.forbidden')
    expect((await chatRow(testApi.deps, chatId)).live_meeting_id).toBeNull()
  })
})

describe('who may look', () => {
  it('at a meeting of two: the two, each of whom sees the other', async () => {
    const chatId = await newDirect(testApi.deps, anna, boris)
    const { meetingId, code } = await as(anna).meetings.start({ id: id(), chatId })
    expect(await as(anna).meetings.get({ meetingId })).toMatchObject({ withUserId: boris.userId, title: null })
    expect(await as(boris).meetings.ofChat({ chatId })).toMatchObject({ withUserId: anna.userId })
    const stranger = await newUser(testApi.deps)
    await expect(as(stranger).meetings.byCode({ code })).rejects.toThrow('meeting.forbidden')
    await expect(join(testApi.deps, stranger, meetingId, { code })).rejects.toThrow('meeting.forbidden')
  })

  it('sees who is in it, and whether it is oneself elsewhere', async () => {
    const chatId = await newGroup(testApi.deps, [anna, boris])
    expect(await as(anna).meetings.ofChat({ chatId })).toBeNull()
    const { meetingId } = await as(anna).meetings.start({ id: id(), chatId })
    await join(testApi.deps, boris, meetingId)
    const seen = { count: 1, userIds: [boris.userId] }
    expect(await as(anna).meetings.ofChat({ chatId })).toMatchObject({ ...seen, seatedElsewhere: false })
    expect(await as(boris).meetings.get({ meetingId })).toMatchObject({ ...seen, seatedElsewhere: true })
    expect((await as(boris).meetings.mine())[0]).toMatchObject({ meetingId, ...seen })
    expect(await as(anna).meetings.mine()).toEqual([])
  })

  it('at the meetings that one sits in, each with its own people, and none that one was put out of', async () => {
    const people = [anna, boris, await newUser(testApi.deps)]
    const vera = people[2]!
    const begin = async () => {
      const chatId = await newGroup(testApi.deps, people)
      const { meetingId } = await as(anna).meetings.start({ id: id(), chatId })
      await join(testApi.deps, vera, meetingId)
      return { chatId, meetingId }
    }
    const [alone, together, lost] = [await begin(), await begin(), await begin()]
    await join(testApi.deps, anna, together.meetingId)
    await as(anna).chats.removeMember({ chatId: lost.chatId, userId: vera.userId })
    expect(await as(vera).meetings.mine()).toMatchObject([
      { meetingId: together.meetingId, count: 2, userIds: [vera.userId, anna.userId] },
      { meetingId: alone.meetingId, count: 1, userIds: [vera.userId] },
    ])
  })
})
