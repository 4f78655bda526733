import { type ChatId, type ClientId, newId } from '@veche/shared/ids'
import type { MessageRow } from '@veche/shared/rows/rows'
import type { GalleryKind } from '@veche/shared/messages'
import { sql } from 'kysely'
import { beforeAll, expect, test } from 'vitest'
import { addMessages, newGroup, newUser, say, type TestUser } from '../test/builders.ts'
import { newContent, sendFile } from '../test/files.ts'
import { callerFor, newTestApi, type TestApi } from '../test/harness.ts'
import { outcomeOf } from '../test/outcome.ts'
import { galleryStatement, kindOfFile } from './gallery.ts'

let testApi: TestApi
let anna: TestUser
let boris: TestUser
beforeAll(async () => {
  testApi = await newTestApi()
  ;[anna, boris] = [await newUser(testApi.deps), await newUser(testApi.deps)]
})

const as = (who: TestUser) => callerFor(testApi.deps, who)
const page = (who: TestUser, chatId: ChatId, kind: GalleryKind, more = {}) =>
  as(who).files.gallery({ chatId, kind, ...more })
const seqs = async (...asked: Parameters<typeof page>) =>
  (await page(...asked)).messages.map(({ seq }: MessageRow) => seq)

async function sendText(who: TestUser, chatId: ChatId): Promise<MessageRow> {
  return sendFile(testApi.deps, who, chatId, await newContent(testApi.deps, who, Buffer.from('a text')))
}

async function sendAlbum(who: TestUser, chatId: ChatId, count: number): Promise<MessageRow> {
  const contents = await Promise.all(Array.from({ length: count }, () => newContent(testApi.deps, who)))
  const files = contents.map((contentId, index) => ({ contentId, name: `${index}.png` }))
  const input = { chatId, clientId: newId<ClientId>(), body: 'An album', files }
  return (await as(who).files.send(input)).message
}

test('each kind finds its own messages, with all that a message row holds, in the order of the history', async () => {
  const chatId = await newGroup(testApi.deps, [anna, boris])
  const picture = await sendFile(testApi.deps, anna, chatId)
  await say(testApi.deps, boris, chatId, 'nothing of interest')
  const text = await sendText(boris, chatId)
  const link = await say(testApi.deps, anna, chatId, 'see https://example.org/page')
  const album = await sendAlbum(boris, chatId, 3)
  const contentId = await newContent(testApi.deps, anna, Buffer.from('OggS'))
  const files = [{ contentId, name: 'voice.ogg', durationMs: 1_000 }]
  const spoken = { chatId, clientId: newId<ClientId>(), body: '', files, voice: true }
  const { message: voice } = await as(anna).files.send(spoken)
  expect(await page(boris, chatId, 'media')).toEqual({ messages: [picture, album], more: false })
  expect(await page(boris, chatId, 'file')).toEqual({ messages: [text], more: false })
  expect(await page(boris, chatId, 'link')).toEqual({ messages: [link], more: false })
  expect(await page(boris, chatId, 'voice')).toEqual({ messages: [voice], more: false })
})

test('pages follow one another in both directions, and no message is cut or shown twice', async () => {
  const chatId = await newGroup(testApi.deps, [anna])
  const sent: number[] = []
  for (let count = 0; count < 5; count++) sent.push((await sendAlbum(anna, chatId, 2)).seq)
  const newest = await page(anna, chatId, 'media', { limit: 2 })
  expect(newest.messages.map(({ seq }) => seq)).toEqual(sent.slice(3))
  expect(newest.messages.map(({ files }) => files!.length)).toEqual([2, 2])
  expect(newest.more).toBe(true)
  expect(await seqs(anna, chatId, 'media', { limit: 2, before: sent[3] })).toEqual(sent.slice(1, 3))
  expect(await page(anna, chatId, 'media', { limit: 2, before: sent[1] })).toMatchObject({ more: false })
  expect(await seqs(anna, chatId, 'media', { limit: 2, after: sent[0] })).toEqual(sent.slice(1, 3))
  expect(await page(anna, chatId, 'media', { limit: 2, after: sent[2] })).toMatchObject({ more: false })
})

test('somebody who joined without the history sees what came after they joined', async () => {
  const chatId = await newGroup(testApi.deps, [anna])
  await as(anna).chats.configure({ chatId, historyForNew: false })
  await sendFile(testApi.deps, anna, chatId)
  await say(testApi.deps, anna, chatId, 'https://example.org')
  const vera = await newUser(testApi.deps)
  await as(anna).chats.addMembers({ chatId, userIds: [vera.userId] })
  const later = await sendFile(testApi.deps, anna, chatId)
  expect(await seqs(vera, chatId, 'media')).toEqual([later.seq])
  expect(await seqs(vera, chatId, 'media', { before: later.seq })).toEqual([])
  expect(await seqs(vera, chatId, 'link')).toEqual([])
})

test('nobody sees files of messages up to which the chat was cleared', async () => {
  const chatId = await newGroup(testApi.deps, [anna])
  const { seq } = await sendFile(testApi.deps, anna, chatId)
  const later = await sendFile(testApi.deps, anna, chatId)
  await testApi.deps.db.updateTable('chats').set({ cleared_seq: seq }).where('id', '=', chatId).execute()
  expect(await seqs(anna, chatId, 'media')).toEqual([later.seq])
})

test('a removed member, a stranger and a chat that does not exist get the same answer', async () => {
  const chatId = await newGroup(testApi.deps, [anna, boris])
  await sendFile(testApi.deps, anna, chatId)
  await as(anna).chats.removeMember({ chatId, userId: boris.userId })
  const stranger = await newUser(testApi.deps)
  for (const who of [boris, stranger])
    for (const kind of ['media', 'link'] as const)
      expect(await outcomeOf(page(who, chatId, kind))).toBe('chat.not_found')
  expect(await outcomeOf(page(anna, newId<ChatId>(), 'media'))).toBe('chat.not_found')
})

test('a deleted message is in no gallery any more', async () => {
  const chatId = await newGroup(testApi.deps, [anna])
  const { seq } = await sendFile(testApi.deps, anna, chatId)
  const link = await say(testApi.deps, anna, chatId, 'https://example.org')
  for (const each of [seq, link.seq]) await as(anna).messages.delete({ chatId, seq: each })
  expect(await seqs(anna, chatId, 'media')).toEqual([])
  expect(await seqs(anna, chatId, 'link')).toEqual([])
})

test.each([
  ['http://example.org', true],
  ['read HTTPS://EXAMPLE.ORG/a?b=c please', true],
  ['veche.example.com, or пример.рф', true],
  ['Пишите на пример.рф.', true],
  ['a caption with t.me/somebody', true],
  ['one.Two three', false],
  ['и т.д. и т.п., версия 1.2.3', false],
  ['12.30', false],
  ['file.json', false],
])('whether "%s" may have a link: %s', async (body, found) => {
  const chatId = await newGroup(testApi.deps, [anna])
  await say(testApi.deps, anna, chatId, body)
  expect((await page(anna, chatId, 'link')).messages).toHaveLength(found ? 1 : 0)
})

test('a message whose text has changed is found by the text that it has now', async () => {
  const chatId = await newGroup(testApi.deps, [anna])
  const { seq } = await say(testApi.deps, anna, chatId, 'no address')
  const change = (body: string) =>
    testApi.deps.db
      .updateTable('messages')
      .set({ body, edited_at: new Date() })
      .where('chat_id', '=', chatId)
      .where('seq', '=', seq)
      .execute()
  await change('now https://example.org')
  expect((await page(anna, chatId, 'link')).messages).toMatchObject([{ seq, body: 'now https://example.org' }])
  await change('none again')
  expect(await seqs(anna, chatId, 'link')).toEqual([])
})

test.each([
  ['media', 'files_by_kind'],
  ['link', 'messages_with_links'],
] as const)(
  'a page of the kind "%s" is read from the index %s, and the messages between are not',
  async (kind, index) => {
    const chatId = await newGroup(testApi.deps, [anna])
    await addMessages(testApi.deps, chatId, { author: anna, count: 2_000, body: 'plain words' })
    await sql`analyze messages, files`.execute(testApi.deps.db)
    const statement = galleryStatement({ ...testApi.deps, actor: anna } as never, { chatId, kind, limit: 60 })
    const { rows } = await testApi.deps.db.transaction().execute(async (db) => {
      await sql`set local enable_seqscan = off`.execute(db)
      return sql<Record<string, string>>`explain ${statement}`.execute(db)
    })
    expect(rows.map((row) => row['QUERY PLAN']).join('\n')).toContain(index)
  },
)

test('an SVG is a file and no picture, whatever else it claims to be', () => {
  expect(['image/svg+xml', 'image/heic', 'video/mp4', 'audio/mpeg', 'application/pdf', ''].map(kindOfFile)).toEqual([
    'file',
    'media',
    'media',
    'file',
    'file',
    'file',
  ])
})
