import { type ChatId, newId } from '@veche/shared/ids'
import { voiceLimits } from '@veche/shared/messages'
import { beforeAll, expect, test } from 'vitest'
import { newDirect, newGroup, newUsers, say, type TestUser } from '../test/builders.ts'
import { sendFile, sendVoice } from '../test/files.ts'
import { callerFor, newTestApi, type TestApi } from '../test/harness.ts'
import { outcomeOf } from '../test/outcome.ts'
import { deleteOldListened } from './listened.ts'

let testApi: TestApi
let anna: TestUser
let boris: TestUser
let vera: TestUser
beforeAll(async () => {
  testApi = await newTestApi()
  ;[anna, boris, vera] = (await newUsers(testApi.deps, [{}, {}, {}])) as [TestUser, TestUser, TestUser]
})

const as = (who: TestUser) => callerFor(testApi.deps, who)
const listen = (who: TestUser, chatId: ChatId, seq: number) => as(who).files.listen({ chatId, seq })
const revOf = async (who: TestUser) => (await as(who).sync.scope({ id: who.userId, since: 0 })).rev

async function rowsOf(who: TestUser, chatId: ChatId) {
  const { rows } = await as(who).sync.scope({ id: who.userId, since: 0 })
  return (rows.listened ?? []).filter((row) => row.chatId === chatId)
}

test('who listens first tells the author, and every listener tells their own devices', async () => {
  const chatId = await newGroup(testApi.deps, [anna, boris, vera])
  const sent = await sendVoice(testApi.deps, anna, chatId)
  expect(sent).toMatchObject({ kind: 'voice', listened: false })
  const first = await listen(boris, chatId, sent.seq)
  expect(first.message).toMatchObject({ seq: sent.seq, listened: true })
  expect(first.message.rev).toBeGreaterThan(sent.rev)
  expect(first.listened).toMatchObject({ chatId, seq: sent.seq, messageAt: sent.createdAt })
  const second = await listen(vera, chatId, sent.seq)
  expect(second.message.rev).toBe(first.message.rev)
  for (const who of [boris, vera]) expect(await rowsOf(who, chatId)).toMatchObject([{ seq: sent.seq }])
  expect(await rowsOf(anna, chatId)).toEqual([])
})

test('listening twice, or from two devices at once, is the same as once', async () => {
  const chatId = await newDirect(testApi.deps, anna, boris)
  const { seq } = await sendVoice(testApi.deps, anna, chatId)
  const answers = await Promise.all([1, 2, 3, 4].map(() => listen(boris, chatId, seq)))
  const [one] = answers
  const rev = await revOf(boris)
  answers.push(await listen(boris, chatId, seq))
  for (const answer of answers) expect(answer).toEqual(one)
  expect(await revOf(boris)).toBe(rev)
  expect(await rowsOf(boris, chatId)).toHaveLength(1)
})

test('many people who listen at once change the message once', async () => {
  const chatId = await newGroup(testApi.deps, [anna, boris, vera])
  const { seq } = await sendVoice(testApi.deps, anna, chatId)
  const answers = await Promise.all([listen(boris, chatId, seq), listen(vera, chatId, seq)])
  expect(new Set(answers.map(({ message }) => message.rev)).size).toBe(1)
})

test('the author who listens to their own message changes nothing', async () => {
  const chatId = await newGroup(testApi.deps, [anna, boris])
  const { seq } = await sendVoice(testApi.deps, anna, chatId)
  const rev = await revOf(anna)
  expect(await listen(anna, chatId, seq)).toMatchObject({ message: { listened: false }, listened: null })
  expect(await revOf(anna)).toBe(rev)
})

test('a message that is deleted, missing, of another kind or before the bounds of a member is not found', async () => {
  const chatId = await newGroup(testApi.deps, [anna, boris])
  const voice = await sendVoice(testApi.deps, anna, chatId)
  const text = await say(testApi.deps, anna, chatId, 'text')
  const file = await sendFile(testApi.deps, anna, chatId)
  for (const seq of [text.seq, file.seq, 999])
    expect(await outcomeOf(listen(boris, chatId, seq))).toBe('message.not_found')
  await as(anna).chats.configure({ chatId, historyForNew: false })
  await as(anna).chats.addMembers({ chatId, userIds: [vera.userId] })
  expect(await outcomeOf(listen(vera, chatId, voice.seq))).toBe('message.not_found')
  expect(await outcomeOf(listen(vera, newId<ChatId>(), voice.seq))).toBe('chat.not_found')
  await as(anna).messages.delete({ chatId, seq: voice.seq })
  expect(await outcomeOf(listen(boris, chatId, voice.seq))).toBe('message.not_found')
})

test('after some weeks the row of a reader is deleted, and an old message gets none, but its author still learns of it', async () => {
  const chatId = await newGroup(testApi.deps, [anna, boris])
  const heard = await sendVoice(testApi.deps, anna, chatId)
  const unheard = await sendVoice(testApi.deps, anna, chatId)
  await listen(boris, chatId, heard.seq)
  await deleteOldListened(testApi.deps)
  expect(await rowsOf(boris, chatId)).toHaveLength(1)
  await testApi.passTime((voiceLimits.listenedDays + 1) * 86_400_000)
  await deleteOldListened(testApi.deps)
  expect(await rowsOf(boris, chatId)).toEqual([])
  const late = await listen(boris, chatId, unheard.seq)
  expect(late).toMatchObject({ message: { listened: true }, listened: null })
})
