import type { ChatId, ClientId, ContentId, UserId } from '@veche/shared/ids'
import { newId } from '@veche/shared/ids'
import { voiceLimits } from '@veche/shared/messages'
import type { MessageRow } from '@veche/shared/rows/rows'
import { beforeEach, expect, test } from 'vitest'
import { newEngineTest } from '../../test/engine-test.ts'
import type { TestTab } from '../../test/TestTab.ts'
import { ListenedMarks } from './ListenedMarks.svelte.ts'
import { nextVoice } from './next-voice.ts'

let { environment, server, me, friend, chat, openTab } = newEngineTest()
beforeEach(() => void ({ environment, server, me, friend, chat, openTab } = newEngineTest()))

function sendVoice(author: UserId, chatId: ChatId = chat): MessageRow {
  const contentId = newId<ContentId>()
  server.uploads.set(contentId, new Blob(['sound'], { type: 'audio/webm' }))
  const files = [{ contentId, name: 'voice' }]
  return server.sendFiles(chatId, author, { body: '', clientId: newId<ClientId>(), files, voice: true })
}

async function marksOf(tab: TestTab): Promise<ListenedMarks> {
  const marks = new ListenedMarks(tab.live)
  await marks.start()
  return marks
}

const onServer = (seq: number) => server.visible(chat, me).find((row) => row.seq === seq)!

test('a voice message of somebody else tells me until I listen to it, on all my devices, and then its author', async () => {
  const [one, other] = [await openTab({ device: 'one' }), await openTab({ device: 'other' })]
  const row = sendVoice(friend)
  await environment.quiet()
  const [marks, elsewhere] = [await marksOf(one), await marksOf(other)]
  expect([marks.isUnlistened(row), elsewhere.isUnlistened(row), row.listened]).toEqual([true, true, false])
  await marks.mark(row)
  expect(marks.isUnlistened(row)).toBe(false)
  await environment.until('the other device knows', () => !elsewhere.isUnlistened(row))
  expect(onServer(row.seq).listened).toBe(true)
})

test('what I listened to without a network is told once when it is back', async () => {
  const tab = await openTab()
  const row = sendVoice(friend)
  await environment.quiet()
  environment.setOnline(false)
  const marks = await marksOf(tab)
  await marks.mark(row)
  await marks.mark(row)
  expect((await marksOf(tab)).isUnlistened(row)).toBe(false)
  const commands = await tab.store.read((tx) => tx.all('outbox'), ['outbox'])
  expect(commands).toMatchObject([{ kind: 'files.listen', input: { chatId: chat, seq: row.seq } }])
  environment.setOnline(true)
  await environment.until('it is told', () => onServer(row.seq).listened === true)
  await environment.until(
    'the outbox is empty',
    async () => (await tab.store.read((tx) => tx.all('outbox'))).length === 0,
  )
  expect(marks.isUnlistened(row)).toBe(false)
})

test('a message that was deleted before the server heard of it is dropped quietly from the outbox', async () => {
  const tab = await openTab()
  const row = sendVoice(friend)
  await environment.quiet()
  environment.setOnline(false)
  await (await marksOf(tab)).mark(row)
  server.chats.get(chat)!.messages.delete(row.seq)
  environment.setOnline(true)
  await environment.until(
    'the outbox is empty',
    async () => (await tab.store.read((tx) => tx.all('outbox'))).length === 0,
  )
})

test('my own message waits for somebody else, and listening to it tells nobody', async () => {
  const tab = await openTab()
  const row = sendVoice(me)
  const marks = await marksOf(tab)
  expect(marks.isUnlistened(row)).toBe(true)
  await marks.mark(row)
  expect(await tab.live.outbox.countMessages()).toBe(0)
  server.listen(chat, friend, row.seq)
  expect(marks.isUnlistened(onServer(row.seq))).toBe(false)
})

test('after some weeks nobody asks any more, and this device forgets what it kept of it', async () => {
  const tab = await openTab()
  const [heard, unheard] = [sendVoice(friend), sendVoice(friend)]
  await environment.quiet()
  const marks = await marksOf(tab)
  await marks.mark(heard)
  const listened = () => tab.store.read((tx) => tx.all('listened'), ['listened'])
  await environment.until('it is told', async () => (await listened()).length === 1)
  environment.time += (voiceLimits.listenedDays + 2) * 86_400_000
  expect((await marksOf(tab)).isUnlistened(unheard)).toBe(false)
  expect(await listened()).toEqual([])
})

test('the next voice message is the first after this one that is wanted, also beyond what the device holds', async () => {
  const first = sendVoice(friend)
  server.send(chat, friend, 'a text')
  sendVoice(me)
  for (let count = 0; count < 60; count++) server.send(chat, friend, `text ${count}`)
  const far = sendVoice(friend)
  for (let count = 0; count < 60; count++) server.send(chat, friend, `more ${count}`)
  const tab = await openTab()
  const isOthers = ({ authorId }: MessageRow) => authorId === friend
  expect(await nextVoice(tab.live, first, isOthers)).toMatchObject({ seq: far.seq })
  expect(await nextVoice(tab.live, far, isOthers)).toBeNull()
  expect(await nextVoice(tab.live, first, () => false)).toBeNull()
})
