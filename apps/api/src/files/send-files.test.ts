import { randomBytes } from 'node:crypto'
import { newId, type ChatId, type ClientId, type ContentId } from '@veche/shared/ids'
import { limits } from '@veche/shared/limits'
import { serverLimits } from '@veche/shared/server-limits'
import { beforeAll, describe, expect, test } from 'vitest'
import { newGroup, newUser, type TestUser } from '../test/builders.ts'
import { newContent, sendFile, urlOf } from '../test/files.ts'
import { callerFor, newTestApi, type TestApi } from '../test/harness.ts'
import { startHttp } from '../test/http/requests.ts'
import { contentIdOf, Uploader } from '../test/http/uploads.ts'
import { Observer } from '../test/Observer.ts'
import { outcomeOf } from '../test/outcome.ts'

let testApi: TestApi
let base: string
let anna: TestUser
let boris: TestUser
let stranger: TestUser
beforeAll(async () => {
  testApi = await newTestApi()
  base = await startHttp(testApi.deps)
  ;[anna, boris, stranger] = [await newUser(testApi.deps), await newUser(testApi.deps), await newUser(testApi.deps)]
})

const from = (who: TestUser) => new Uploader(base, testApi.deps, who)

function newMessage(chatId: ChatId, files: { contentId: ContentId; name: string }[], body = '') {
  return { chatId, clientId: newId<ClientId>(), body, files }
}

describe('a message of files', () => {
  test('a message of files reaches those who hold the chat with its files in their order, and is stored once however often it is sent', async () => {
    const chatId = await newGroup(testApi.deps, [anna, boris])
    const observer = await Observer.open(testApi.deps, boris)
    const files = [
      { contentId: await from(anna).upload(Buffer.from('plain text')), name: 'notes.txt' },
      { contentId: await from(anna).upload(Buffer.alloc(0)), name: 'empty' },
    ]
    const input = newMessage(chatId, files, 'caption')
    const sent = await Promise.all([
      callerFor(testApi.deps, anna).files.send(input),
      callerFor(testApi.deps, anna).files.send(input),
    ])
    expect(sent[1]).toEqual(sent[0])
    expect(sent[0]!.message).toMatchObject({
      kind: 'file',
      body: 'caption',
      files: [
        { name: 'notes.txt', size: 10, mime: 'text/plain', preview: 'none' },
        { name: 'empty', size: 0, mime: 'application/octet-stream' },
      ],
    })
    await observer.settled()
    await observer.expectEqualsFetch()
    expect(observer.rows('messages').filter((row) => row.chatId === chatId && row.kind === 'file')).toEqual([
      sent[0]!.message,
    ])
    const other = newMessage(chatId, files, 'another caption')
    expect(await outcomeOf(callerFor(testApi.deps, anna).files.send({ ...other, clientId: input.clientId }))).toBe(
      'message.conflict',
    )
    observer.close()
  })

  test('a message of files holds only complete uploads of its author', async () => {
    const chatId = await newGroup(testApi.deps, [anna, boris])
    const half = contentIdOf(await from(anna).begin(10))
    expect(await outcomeOf(sendFile(testApi.deps, anna, chatId, half))).toBe('file.incomplete')
    expect(await outcomeOf(sendFile(testApi.deps, boris, chatId, await from(anna).upload(randomBytes(10))))).toBe(
      'file.not_found',
    )
    expect(await outcomeOf(sendFile(testApi.deps, anna, chatId, newId<ContentId>()))).toBe('file.not_found')
  })

  test('the files of a message are for those who may read it today: not for strangers, not for those who left, not after it was deleted', async () => {
    const chatId = await newGroup(testApi.deps, [anna, boris])
    const message = await sendFile(testApi.deps, anna, chatId, await from(anna).upload(randomBytes(10)))
    const statusFor = async (who: TestUser) => (await from(who).ask('GET', urlOf(message))).status
    expect([await statusFor(boris), await statusFor(stranger)]).toEqual([200, 404])
    await callerFor(testApi.deps, anna).chats.removeMember({ chatId, userId: boris.userId })
    expect(await statusFor(boris)).toBe(404)
    await callerFor(testApi.deps, anna).chats.addMembers({ chatId, userIds: [boris.userId] })
    expect(await statusFor(boris)).toBe(200)
    await callerFor(testApi.deps, anna).chats.configure({ chatId, historyForNew: false })
    await callerFor(testApi.deps, anna).chats.addMembers({ chatId, userIds: [stranger.userId] })
    expect(await statusFor(stranger)).toBe(404)
    await callerFor(testApi.deps, anna).messages.delete({ chatId, seq: message.seq })
    expect(await statusFor(anna)).toBe(404)
  })
})

test('the names of files count in what one answer holds: of history, of a scope and of the gallery', async () => {
  const { deps } = testApi
  const chatId = await newGroup(deps, [anna, boris])
  const name = '🔔'.repeat(limits.file.name)
  const contentId = await newContent(deps, anna)
  const files = Array.from({ length: limits.file.inMessage }, () => ({ contentId, name }))
  for (let index = 0; index < 40; index += 1) await callerFor(testApi.deps, anna).files.send(newMessage(chatId, files))
  const history = await callerFor(testApi.deps, boris).messages.history({ chatId, limit: 100 })
  const gallery = await callerFor(testApi.deps, boris).files.gallery({ chatId, kind: 'media', limit: 100 })
  const scope = await callerFor(testApi.deps, boris).sync.scope({ id: chatId, since: 1 })
  for (const messages of [history.messages, gallery.messages, 'rows' in scope ? (scope.rows.messages ?? []) : []]) {
    expect(messages.length).toBeGreaterThan(5)
    expect(Buffer.byteLength(JSON.stringify(messages))).toBeLessThan(serverLimits.historyBytes * 1.3)
  }
  expect([history.more, gallery.more]).toEqual([true, true])
})
