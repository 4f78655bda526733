import { type ChatId, type MeetingId, newId } from '@veche/shared/ids'
import { sql } from 'kysely'
import { beforeAll, expect, it } from 'vitest'
import { newDirect, newGroup, newUser, say, type TestUser } from '../test/builders.ts'
import { callerFor, type TestApi, newTestApi } from '../test/harness.ts'
import { MediaNode } from '../test/nodes/media-node.ts'
import { chatRow, join, leave, meetingRow } from '../test/meetings.ts'
import { endEmptyMeeting } from './meeting-end.ts'

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

it('people who start a meeting of one chat at once get the same meeting, with one card', async () => {
  const chatId = await newGroup(testApi.deps, [anna, boris])
  const elsewhere = callerFor(testApi.anotherProcess(), boris)
  const start = ({ meetings } = as(anna)) => meetings.start({ id: id(), chatId })
  const summaries = await Promise.all([start(), start(elsewhere), start(), start(elsewhere)])
  expect(new Set(summaries.map(({ meetingId }) => meetingId)).size).toBe(1)
  expect(await cardsOf(anna, chatId)).toHaveLength(1)
  expect((await chatRow(testApi.deps, chatId)).live_meeting_id).toBe(summaries[0]!.meetingId)
})

it('a repeated start with the same id answers the same meeting, even after it has ended', async () => {
  const chatId = await newGroup(testApi.deps, [anna, boris])
  const input = { id: id(), chatId }
  const [one, two] = await Promise.all([as(anna).meetings.start(input), as(anna).meetings.start(input)])
  expect([one.meetingId, two.meetingId]).toEqual([input.id, input.id])
  await endEmptyMeeting(testApi.deps, input.id, 0)
  expect(await as(anna).meetings.start(input)).toMatchObject({ meetingId: input.id, state: 'ended' })
  expect((await as(boris).meetings.start({ id: id(), chatId })).meetingId).not.toBe(input.id)
})

it('a meeting cannot be started with an id that another person, chat or scope has', async () => {
  const chatId = await newGroup(testApi.deps, [anna, boris])
  const other = await newGroup(testApi.deps, [anna, boris])
  const { meetingId } = await as(anna).meetings.start({ id: id(), chatId })
  await expect(as(boris).meetings.start({ id: meetingId, chatId })).rejects.toThrow('meeting.id_taken')
  await expect(as(anna).meetings.start({ id: meetingId, chatId: other })).rejects.toThrow('meeting.id_taken')
  await expect(as(anna).meetings.start({ id: other as never, chatId: other })).rejects.toThrow('meeting.id_taken')
})

it('a meeting is an audio call when the person who started it said so, and stays one for its card and summary to the end', async () => {
  const chatId = await newGroup(testApi.deps, [anna, boris])
  const { meetingId } = await as(anna).meetings.start({ id: id(), chatId, audio: true })
  expect(await as(boris).meetings.start({ id: id(), chatId })).toMatchObject({ meetingId, audio: true })
  expect(await as(boris).meetings.ofChat({ chatId })).toMatchObject({ audio: true })
  expect(await cardsOf(boris, chatId)).toMatchObject([{ call: { state: 'live', audio: true } }])
  await endEmptyMeeting(testApi.deps, meetingId, 0)
  expect(await cardsOf(boris, chatId)).toMatchObject([{ call: { state: 'ended', audio: true } }])
  expect(await as(boris).meetings.start({ id: id(), chatId })).toMatchObject({ audio: false })
  expect((await cardsOf(boris, chatId)).map(({ call }) => call?.audio)).toEqual([true, false])
})

it('the card of a meeting from before there were audio calls is no audio call', async () => {
  const chatId = await newGroup(testApi.deps, [anna, boris])
  await as(anna).meetings.start({ id: id(), chatId })
  const cards = testApi.deps.db.updateTable('messages').where('chat_id', '=', chatId).where('kind', '=', 'call')
  await cards.set({ call: sql`call - 'audio'` }).execute()
  expect(await cardsOf(anna, chatId)).toMatchObject([{ call: { state: 'live', audio: false } }])
})

it('starting an empty meeting again keeps it open as long as a new one', async () => {
  const chatId = await newGroup(testApi.deps, [anna, boris])
  const { meetingId } = await as(anna).meetings.start({ id: id(), chatId })
  await testApi.passTime(29_000)
  await as(boris).meetings.start({ id: id(), chatId })
  await testApi.passTime(2_000)
  await node.beat()
  expect(await endEmptyMeeting(testApi.deps, meetingId, 30_000)).toBe(false)
})

it('the card of a meeting is a message of the person who started it, and at the end it gets the number of people and the time when the last one left', async () => {
  const chatId = await newGroup(testApi.deps, [anna, boris])
  const { meetingId } = await as(anna).meetings.start({ id: id(), chatId })
  const [live] = await cardsOf(boris, chatId)
  expect(live).toMatchObject({ authorId: anna.userId, body: null, call: { meetingId, state: 'live', people: 0 } })
  for (const who of [anna, boris, boris]) await leave(testApi.deps, who, await join(testApi.deps, who, meetingId))
  const { rev } = await as(anna).sync.scope({ id: chatId, since: 0 })
  expect(rev).toBe(live!.rev)
  const left = (await meetingRow(testApi.deps, meetingId)).empty_since!
  expect(await endEmptyMeeting(testApi.deps, meetingId, 0)).toBe(true)
  const [ended, ...more] = await cardsOf(boris, chatId)
  expect(more).toEqual([])
  const endedAt = left.toISOString()
  expect(ended).toMatchObject({ seq: live!.seq, rev: live!.rev + 1, call: { state: 'ended', endedAt, people: 2 } })
  const { live_meeting_id, rev: chatRev } = await chatRow(testApi.deps, chatId)
  expect([live_meeting_id, chatRev]).toEqual([null, ended!.rev])
})

it('a meeting that has ended began when the first person came, however long before that its link was made', async () => {
  const { meetingId, chatId } = await as(anna).meetings.create({ id: id(), chatId: newId<ChatId>(), title: 'Later' })
  await testApi.passTime(3_600_000)
  await node.beat()
  await leave(testApi.deps, anna, await join(testApi.deps, anna, meetingId))
  const [stay] = await as(anna).meetings.attendance({ meetingId })
  await endEmptyMeeting(testApi.deps, meetingId, 0)
  const [card] = await cardsOf(anna, chatId)
  const [listed] = (await as(anna).meetings.history({})).meetings
  expect([card?.call?.startedAt, listed?.startedAt]).toEqual([stay?.cameAt, stay?.cameAt])
})

it('the card of a meeting counts as unread once for everybody but its author, and its end adds nothing', async () => {
  const chatId = await newGroup(testApi.deps, [anna, boris])
  const unread = async (who: TestUser) => (await as(who).sync.scope({ id: chatId, since: 0 })).unread?.unread
  const { meetingId } = await as(anna).meetings.start({ id: id(), chatId })
  expect([await unread(anna), await unread(boris)]).toEqual([0, 1])
  await endEmptyMeeting(testApi.deps, meetingId, 0)
  expect([await unread(anna), await unread(boris)]).toEqual([0, 1])
  await as(boris).messages.read({ chatId, seq: 99 })
  expect(await unread(boris)).toBe(0)
})

it('a meeting created with a link has a new group of its own, and a signed-in person who joins by the link becomes a member', async () => {
  const input = { id: id(), chatId: newId<ChatId>(), title: 'Open meeting' }
  const summaries = await Promise.all([as(anna).meetings.create(input), as(anna).meetings.create(input)])
  const [summary] = summaries
  expect(summary).toMatchObject({ meetingId: input.id, chatId: input.chatId, title: 'Open meeting', count: 0 })
  expect(summaries[1]).toMatchObject({ meetingId: input.id, code: summary!.code })
  expect(await as(boris).meetings.byCode({ code: summary!.code })).toMatchObject({ meetingId: input.id })
  await expect(as(boris).meetings.get({ meetingId: input.id })).rejects.toThrow('meeting.not_found')
  await expect(join(testApi.deps, boris, input.id)).rejects.toThrow('meeting.not_found')
  const generation = (link_generation: number) =>
    testApi.deps.db.updateTable('meetings').set({ link_generation }).where('id', '=', input.id).execute()
  await generation(2)
  await expect(as(boris).meetings.byCode({ code: summary!.code })).rejects.toThrow('meeting.not_found')
  await expect(join(testApi.deps, boris, input.id, { code: summary!.code })).rejects.toThrow('meeting.not_found')
  await generation(1)
  await join(testApi.deps, boris, input.id, { code: summary!.code })
  const { members } = await as(anna).chats.members({ chatId: input.chatId })
  expect(members.map(({ person, role }) => [person.id, role])).toEqual([
    [anna.userId, 'owner'],
    [boris.userId, 'member'],
  ])
  const { messages } = await as(boris).messages.history({ chatId: input.chatId })
  expect(messages.at(-1)).toMatchObject({ authorId: boris.userId, system: { event: 'joined' } })
  await expect(as(boris).meetings.create(input)).rejects.toThrow('chat.id_taken')
})

it('the chat of a meeting with a link is kept out of the list until somebody writes a text there, and is a chat in all else', async () => {
  const input = { id: id(), chatId: newId<ChatId>(), title: 'Link meeting' }
  const { code } = await as(anna).meetings.create(input)
  const { rev, rows } = await as(anna).sync.scope({ id: input.chatId, since: 0 })
  expect(rows.chats).toMatchObject([{ meetingOnly: true }])
  await join(testApi.deps, boris, input.id, { code })
  await endEmptyMeeting(testApi.deps, input.id, 0)
  const held = await as(boris).sync.scope({ id: input.chatId, since: 0 })
  expect(held.rows.chats).toMatchObject([{ meetingOnly: true }])
  expect((await as(boris).sync.chats({ limit: 200 })).chats.map((chat) => chat.id)).toContain(input.chatId)
  await say(testApi.deps, boris, input.chatId, 'thank you all')
  const told = await as(anna).sync.scope({ id: input.chatId, since: Math.max(rev, held.rev) })
  expect(told.rows.chats).toMatchObject([{ meetingOnly: false, rev: told.rev }])
  expect(told.unread?.unread).toBe(1)
  await say(testApi.deps, anna, input.chatId, 'see you')
  const after = await as(boris).sync.scope({ id: input.chatId, since: told.rev })
  expect({ chats: after.rows.chats, texts: after.rows.messages?.length }).toEqual({ chats: undefined, texts: 1 })
})

it('a meeting with a link in a group that exists leaves the group in the list', async () => {
  const chatId = await newGroup(testApi.deps, [anna])
  await as(anna).meetings.create({ id: id(), chatId, title: 'Late' })
  expect((await as(anna).sync.scope({ id: chatId, since: 0 })).rows.chats).toMatchObject([{ meetingOnly: false }])
})

it('a repeated create starts the meeting in the group that the first attempt has made', async () => {
  const chatId = await newGroup(testApi.deps, [anna])
  expect(await as(anna).meetings.create({ id: id(), chatId, title: 'Late' })).toMatchObject({ chatId })
})

it('a meeting with an open link cannot be created in an existing group without the right to add members', async () => {
  const chatId = await newGroup(testApi.deps, [anna, boris])
  await as(anna).chats.setRole({ chatId, userId: boris.userId, role: 'owner' })
  await as(boris).chats.setRole({ chatId, userId: anna.userId, role: 'member' })
  const input = { id: id(), chatId, title: 'Mine no more' }
  await expect(as(anna).meetings.create(input)).rejects.toThrow('chat.forbidden')
  expect((await chatRow(testApi.deps, chatId)).live_meeting_id).toBeNull()
})

it('the meeting of a direct chat is seen by its two people only, and each is told who the other is', async () => {
  const chatId = await newDirect(testApi.deps, anna, boris)
  const { meetingId, code } = await as(anna).meetings.start({ id: id(), chatId })
  expect(await as(anna).meetings.get({ meetingId })).toMatchObject({ withUserId: boris.userId, title: null })
  expect(await as(boris).meetings.ofChat({ chatId })).toMatchObject({ withUserId: anna.userId })
  const stranger = await newUser(testApi.deps)
  await expect(as(stranger).meetings.byCode({ code })).rejects.toThrow('meeting.forbidden')
  await expect(join(testApi.deps, stranger, meetingId, { code })).rejects.toThrow('meeting.forbidden')
})

it('a summary says who is in the meeting and whether the person has a seat on another device', async () => {
  const chatId = await newGroup(testApi.deps, [anna, boris])
  expect(await as(anna).meetings.ofChat({ chatId })).toBeNull()
  const { meetingId } = await as(anna).meetings.start({ id: id(), chatId })
  await join(testApi.deps, boris, meetingId)
  const seen = { count: 1, userIds: [boris.userId] }
  expect(await as(anna).meetings.ofChat({ chatId })).toMatchObject({ ...seen, seatedElsewhere: false })
  expect(await as(boris).meetings.get({ meetingId })).toMatchObject({ ...seen, seatedElsewhere: true })
  expect((await as(boris).meetings.current())[0]).toMatchObject({ meetingId, ...seen })
  expect(await as(anna).meetings.current()).toEqual([])
})

it('current meetings are those where the person has a seat, each with its own people, without chats that removed them', async () => {
  const people = [anna, boris, await newUser(testApi.deps)]
  const vera = people[2]!
  const start = async () => {
    const chatId = await newGroup(testApi.deps, people)
    const { meetingId } = await as(anna).meetings.start({ id: id(), chatId })
    await join(testApi.deps, vera, meetingId)
    return { chatId, meetingId }
  }
  const [alone, together, lost] = [await start(), await start(), await start()]
  await join(testApi.deps, anna, together.meetingId)
  await as(anna).chats.removeMember({ chatId: lost.chatId, userId: vera.userId })
  expect(await as(vera).meetings.current()).toMatchObject([
    { meetingId: together.meetingId, count: 2, userIds: [vera.userId, anna.userId] },
    { meetingId: alone.meetingId, count: 1, userIds: [vera.userId] },
  ])
})
