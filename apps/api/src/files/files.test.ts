import { createHash, randomBytes } from 'node:crypto'
import { newId, type ClientId, type ContentId } from '@veche/shared/ids'
import { limits } from '@veche/shared/limits'
import { serverLimits } from '@veche/shared/server-limits'
import type { MessageRow } from '@veche/shared/rows/rows'
import sharp from 'sharp'
import { beforeAll, describe, expect, test, vi } from 'vitest'
import { AppError } from '../errors.ts'
import { sessionCookie } from '../auth/session-cookie.ts'
import { tryRow } from '../platform/work/due-tables.ts'
import { newGroup, newUser, type TestUser } from '../test/builders.ts'
import { newContent } from '../test/files.ts'
import { callerFor, newTestApi, type TestApi } from '../test/harness.ts'
import { startHttp } from '../test/http/requests.ts'
import { makePdf } from '../test/media/media-files.ts'
import { Observer } from '../test/Observer.ts'
import { outcomeOf } from '../test/outcome.ts'
import { deleteUnheldContents } from './unheld-contents.ts'
import { previewTable } from './previews/preview-table.ts'

const mega = 1_000_000
let testApi: TestApi
let base: string
let anna: TestUser
let boris: TestUser
let stranger: TestUser
beforeAll(async () => {
  testApi = await newTestApi({ FILE_MAX_BYTES: String(20 * mega), PERSON_MAX_BYTES: String(40 * mega) })
  base = await startHttp(testApi.deps)
  ;[anna, boris, stranger] = [await newUser(testApi.deps), await newUser(testApi.deps), await newUser(testApi.deps)]
})

const as = (who: TestUser) => callerFor(testApi.deps, who)

function ask(who: TestUser, method: string, path: string, headers: Record<string, string> = {}, body?: Uint8Array) {
  const cookie = `${sessionCookie(testApi.deps.env).name}=${who.token}`
  const init = { method, headers: { 'x-veche': '1', 'tus-resumable': '1.0.0', cookie, ...headers } }
  return fetch(`${base}${path}`, body ? { ...init, body: body as Uint8Array<ArrayBuffer> } : init)
}
const codeOf = async (answer: Response) => ((await answer.json()) as { code?: string }).code

async function begin(who: TestUser, size: number): Promise<string> {
  const answer = await ask(who, 'POST', '/api/files', { 'upload-length': String(size) })
  expect(answer.status).toBe(201)
  return answer.headers.get('location')!
}

function piece(who: TestUser, path: string, offset: number, bytes: Uint8Array) {
  const headers = { 'upload-offset': String(offset), 'content-type': 'application/offset+octet-stream' }
  return ask(who, 'PATCH', path, headers, bytes)
}

async function upload(who: TestUser, bytes: Uint8Array): Promise<ContentId> {
  const path = await begin(who, bytes.length)
  if (bytes.length > 0) expect((await piece(who, path, 0, bytes)).status).toBe(204)
  return path.split('/').at(-1) as ContentId
}

async function offsetOf(who: TestUser, path: string): Promise<number> {
  return Number((await ask(who, 'HEAD', path)).headers.get('upload-offset'))
}

async function sendFile(who: TestUser, chatId: Parameters<typeof newMessage>[0], contentId: ContentId, name = 'a.bin') {
  return (await as(who).files.send(newMessage(chatId, [{ contentId, name }]))).message
}

function newMessage(
  chatId: Awaited<ReturnType<typeof newGroup>>,
  files: { contentId: ContentId; name: string; width?: number; height?: number; thumbhash?: string }[],
  body = '',
) {
  return { chatId, clientId: newId<ClientId>(), body, files }
}

const urlOf = ({ files }: MessageRow) => `/api/files/${files![0]!.id}`

test('the names of files count in what one answer holds: of history, of a scope and of the gallery', async () => {
  const { deps } = testApi
  const chatId = await newGroup(deps, [anna, boris])
  const name = '🔔'.repeat(limits.file.name)
  const contentId = await newContent(deps, anna)
  const files = Array.from({ length: limits.file.inMessage }, () => ({ contentId, name }))
  for (let index = 0; index < 40; index += 1) await as(anna).files.send(newMessage(chatId, files))
  const history = await as(boris).messages.history({ chatId, limit: 100 })
  const gallery = await as(boris).files.gallery({ chatId, kind: 'media', limit: 100 })
  const scope = await as(boris).sync.scope({ id: chatId, since: 1 })
  for (const messages of [history.messages, gallery.messages, 'rows' in scope ? (scope.rows.messages ?? []) : []]) {
    expect(messages.length).toBeGreaterThan(5)
    expect(Buffer.byteLength(JSON.stringify(messages))).toBeLessThan(serverLimits.historyBytes * 1.3)
  }
  expect([history.more, gallery.more]).toEqual([true, true])
})

describe('an upload', () => {
  test('it goes on after a break from what was flushed, and its bytes arrive as they were', async () => {
    const bytes = randomBytes(9 * mega)
    const path = await begin(anna, bytes.length)
    expect((await piece(anna, path, 0, bytes.subarray(0, 4 * mega))).status).toBe(204)
    expect(await offsetOf(anna, path)).toBe(4 * mega)
    expect((await piece(anna, path, 4 * mega, bytes.subarray(4 * mega))).status).toBe(204)
    const chatId = await newGroup(testApi.deps, [anna, boris])
    const message = await sendFile(anna, chatId, path.split('/').at(-1) as ContentId)
    const answer = await ask(boris, 'GET', urlOf(message))
    const hash = (data: Uint8Array) => createHash('sha256').update(data).digest('hex')
    expect(hash(new Uint8Array(await answer.arrayBuffer()))).toBe(hash(bytes))
    expect(answer.headers.get('etag')).toBe(`"${hash(bytes)}"`)
  })

  test('a piece that comes twice, too early or beyond the end is refused and changes nothing', async () => {
    const path = await begin(anna, 100)
    expect((await piece(anna, path, 0, randomBytes(60))).status).toBe(204)
    expect((await piece(anna, path, 0, randomBytes(60))).status).toBe(409)
    expect((await piece(anna, path, 80, randomBytes(20))).status).toBe(409)
    expect((await piece(anna, path, 60, randomBytes(41))).status).toBe(413)
    expect(await offsetOf(anna, path)).toBe(60)
    expect((await piece(anna, path, 60, randomBytes(40))).status).toBe(204)
    expect((await piece(anna, path, 100, randomBytes(1))).status).toBe(413)
  })

  test('it is unknown to everybody but the person who began it, who is answered about the one in the path', async () => {
    const path = await begin(anna, 100)
    const other = await begin(anna, 50)
    expect((await ask(anna, 'HEAD', `${path}?x=/${other.split('/').at(-1)}`)).headers.get('upload-length')).toBe('100')
    const read = vi.spyOn(testApi.deps.fileStorage, 'read')
    const chatId = await newGroup(testApi.deps, [anna, boris])
    expect(await outcomeOf(sendFile(boris, chatId, path.split('/').at(-1) as ContentId))).toBe('file.not_found')
    expect(read).not.toHaveBeenCalled()
    read.mockRestore()
    const answers = [ask(boris, 'HEAD', path), piece(boris, path, 0, randomBytes(10)), ask(boris, 'DELETE', path)]
    expect((await Promise.all(answers)).map(({ status }) => status)).toEqual([404, 404, 404])
    expect(await offsetOf(anna, path)).toBe(0)
  })

  test('a file that is too large and one that no room is left for are refused, also when two come at once', async () => {
    const olga = await newUser(testApi.deps)
    const create = (size: number) => ask(olga, 'POST', '/api/files', { 'upload-length': String(size) })
    expect(await codeOf(await create(20 * mega + 1))).toBe('file.too_large')
    await begin(olga, 15 * mega)
    const both = await Promise.all([create(15 * mega), create(15 * mega)])
    expect(both.map(({ status }) => status).sort()).toEqual([201, 422])
    expect(await codeOf(both.find(({ status }) => status === 422)!)).toBe('file.quota_full')
  })

  test('an upload that is taken back is gone, but not when a message holds it', async () => {
    const path = await begin(anna, 100)
    expect((await ask(anna, 'DELETE', path)).status).toBe(204)
    expect((await ask(anna, 'HEAD', path)).status).toBe(404)
    const chatId = await newGroup(testApi.deps, [anna, boris])
    const contentId = await upload(anna, randomBytes(10))
    const message = await sendFile(anna, chatId, contentId)
    expect((await ask(anna, 'DELETE', `/api/files/${contentId}`)).status).toBe(404)
    expect((await ask(boris, 'GET', urlOf(message))).status).toBe(200)
  })

  test('it is refused while too little of the disk would be left, and text goes on', async () => {
    const { deps } = testApi
    const usual = deps.fileStorage.space
    deps.fileStorage.space = () => Promise.resolve({ free: 5 * mega, total: 100 * mega })
    const answer = await ask(anna, 'POST', '/api/files', { 'upload-length': String(mega) })
    expect(await codeOf(answer)).toBe('file.disk_full')
    const chatId = await newGroup(deps, [anna, boris])
    await as(anna).messages.send({ chatId, clientId: newId(), body: 'text' })
    deps.fileStorage.space = usual
  })
})

test('an upload that the storage does not take counts for nobody', async () => {
  const { deps } = testApi
  const olga = await newUser(deps)
  const create = vi.spyOn(deps.fileStorage, 'create').mockRejectedValue(new Error('no disk'))
  expect((await ask(olga, 'POST', '/api/files', { 'upload-length': '100' })).status).toBe(500)
  create.mockRestore()
  const rows = deps.db.selectFrom('contents').select('id').where('owner_id', '=', olga.userId)
  expect(await rows.execute()).toEqual([])
})

test('an upload that fails when all of its piece is here is answered, and goes on from where it was', async () => {
  const { deps } = testApi
  const path = await begin(anna, 100)
  const write = vi.spyOn(deps.fileStorage, 'write').mockImplementation(async (_, chunks) => {
    for await (const chunk of chunks) void chunk
    throw new AppError('file.disk_full')
  })
  const answer = await piece(anna, path, 0, randomBytes(100))
  expect([answer.status, await codeOf(answer)]).toEqual([503, 'file.disk_full'])
  write.mockRestore()
  expect((await piece(anna, path, 0, randomBytes(100))).status).toBe(204)
})

describe('a message of files', () => {
  test('it reaches those who hold the chat with its files in their order, and is stored once however often it is sent', async () => {
    const chatId = await newGroup(testApi.deps, [anna, boris])
    const observer = await Observer.open(testApi.deps, boris)
    const files = [
      { contentId: await upload(anna, Buffer.from('plain text')), name: 'notes.txt' },
      { contentId: await upload(anna, Buffer.alloc(0)), name: 'empty' },
    ]
    const input = newMessage(chatId, files, 'caption')
    const sent = await Promise.all([as(anna).files.send(input), as(anna).files.send(input)])
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
    expect(await outcomeOf(as(anna).files.send({ ...other, clientId: input.clientId }))).toBe('message.conflict')
    observer.close()
  })

  test('it holds only complete uploads of its author', async () => {
    const chatId = await newGroup(testApi.deps, [anna, boris])
    const half = (await begin(anna, 10)).split('/').at(-1) as ContentId
    expect(await outcomeOf(sendFile(anna, chatId, half))).toBe('file.incomplete')
    expect(await outcomeOf(sendFile(boris, chatId, await upload(anna, randomBytes(10))))).toBe('file.not_found')
    expect(await outcomeOf(sendFile(anna, chatId, newId<ContentId>()))).toBe('file.not_found')
  })

  test('its files are for those who may read it today: not for strangers, not for those who left, not after it was deleted', async () => {
    const chatId = await newGroup(testApi.deps, [anna, boris])
    const message = await sendFile(anna, chatId, await upload(anna, randomBytes(10)))
    const statusFor = async (who: TestUser) => (await ask(who, 'GET', urlOf(message))).status
    expect([await statusFor(boris), await statusFor(stranger)]).toEqual([200, 404])
    await as(anna).chats.removeMember({ chatId, userId: boris.userId })
    expect(await statusFor(boris)).toBe(404)
    await as(anna).chats.addMembers({ chatId, userIds: [boris.userId] })
    expect(await statusFor(boris)).toBe(200)
    await as(anna).chats.configure({ chatId, historyForNew: false })
    await as(anna).chats.addMembers({ chatId, userIds: [stranger.userId] })
    expect(await statusFor(stranger)).toBe(404)
    await as(anna).messages.delete({ chatId, seq: message.seq })
    expect(await statusFor(anna)).toBe(404)
  })
})

describe('bytes that no message holds', () => {
  const sizeOf = (contentId: ContentId) => testApi.deps.fileStorage.sizeOf(contentId, 'original')

  test('they are deleted by the sweep once their message is deleted, and not while another message holds them', async () => {
    const chatId = await newGroup(testApi.deps, [anna, boris])
    const contentId = await upload(anna, randomBytes(10))
    const [one, other] = [await sendFile(anna, chatId, contentId), await sendFile(anna, chatId, contentId)]
    await as(anna).messages.delete({ chatId, seq: one.seq })
    await deleteUnheldContents(testApi.deps)
    expect((await ask(boris, 'GET', urlOf(other))).status).toBe(200)
    await as(anna).messages.delete({ chatId, seq: other.seq })
    await deleteUnheldContents(testApi.deps)
    expect(await sizeOf(contentId)).toBeNull()
    expect((await ask(anna, 'HEAD', `/api/files/${contentId}`)).status).toBe(404)
  })

  test('whoever sends one again while the sweep runs has its bytes, or is told that they are gone', async () => {
    const chatId = await newGroup(testApi.deps, [anna, boris])
    const contents = await Promise.all(Array.from({ length: 30 }, () => newContent(testApi.deps, anna)))
    for (const contentId of contents) {
      const { seq } = await sendFile(anna, chatId, contentId)
      await as(anna).messages.delete({ chatId, seq })
    }
    const again = contents.map((contentId) => sendFile(anna, chatId, contentId))
    const sweeps = Array.from({ length: 5 }, () => deleteUnheldContents(testApi.deps))
    const sent = await Promise.allSettled(again)
    await Promise.all(sweeps)
    await deleteUnheldContents(testApi.deps)
    for (const each of sent)
      if (each.status === 'fulfilled') expect((await ask(boris, 'GET', urlOf(each.value))).status).toBe(200)
      else expect(await outcomeOf(Promise.reject(each.reason as Error))).toBe('file.not_found')
  })

  test('an upload that is taken back leaves nothing on the disk, in whatever letters its address comes, also when it has previews', async () => {
    const bytes = await sharp({ create: { width: 40, height: 30, channels: 3, background: '#28a' } })
      .png()
      .toBuffer()
    const contentId = await upload(anna, bytes)
    await tryRow(testApi.deps, previewTable, contentId)
    const sizes = () =>
      Promise.all((['original', 320, 1280] as const).map((one) => testApi.deps.fileStorage.sizeOf(contentId, one)))
    expect(await sizes()).toEqual([bytes.length, expect.any(Number), expect.any(Number)])
    expect((await ask(anna, 'DELETE', `/api/files/${contentId.toUpperCase()}`)).status).toBe(204)
    expect(await sizes()).toEqual([null, null, null])
  })

  test('a preview that is made while its upload is taken back leaves nothing either', async () => {
    const bytes = await sharp({ create: { width: 40, height: 30, channels: 3, background: '#28a' } })
      .png()
      .toBuffer()
    const contentId = await upload(anna, bytes)
    const { pictureMaker } = testApi.deps
    const make = pictureMaker.make.bind(pictureMaker)
    pictureMaker.make = async (path) => {
      const picture = await make(path)
      await ask(anna, 'DELETE', `/api/files/${contentId}`)
      return picture
    }
    await tryRow(testApi.deps, previewTable, contentId)
    pictureMaker.make = make
    expect(await testApi.deps.fileStorage.sizeOf(contentId, 320)).toBeNull()
  })

  test('an upload that nobody has sent waits a day', async () => {
    const { deps, passTime } = await newTestApi()
    const contentId = await newContent(deps, await newUser(deps))
    const isThere = async () => (await deps.fileStorage.sizeOf(contentId, 'original')) !== null
    for (const [hours, expected] of [
      [23, true],
      [2, false],
    ] as const) {
      await passTime(hours * 3_600_000)
      await deleteUnheldContents(deps)
      expect(await isThere()).toBe(expected)
    }
  })
})

describe('a download', () => {
  const html = Buffer.from('<!doctype html><script>alert(1)</script>')

  test('whoever opens a page, a drawing or a program that somebody sent runs nothing: it is a download in a sandbox', async () => {
    const chatId = await newGroup(testApi.deps, [anna, boris])
    const svg = Buffer.from(
      '<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
    )
    for (const [name, bytes] of Object.entries({
      'photo.png': html,
      'drawing.svg': svg,
      'tool.exe': Buffer.from('MZ\0\0'),
      'photo.jpg': Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'),
      'video.mp4': Buffer.from('<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><script/></html>'),
      'sound.mp3': Buffer.concat([Buffer.from('\ufeff'), html]),
      'letter.pdf': makePdf(),
    })) {
      const message = await sendFile(anna, chatId, await upload(anna, bytes), name)
      const { headers } = await ask(boris, 'GET', urlOf(message))
      expect(headers.get('content-disposition')).toMatch(/^attachment/)
      expect(headers.get('content-security-policy')).toMatch(/sandbox/)
      expect(headers.get('x-content-type-options')).toBe('nosniff')
      expect(headers.get('content-type')).not.toMatch(/html|^image\/png/)
    }
  })

  test.each([
    '../../etc/passwd',
    'a\r\nset-cookie: x=1.txt',
    `${'long '.repeat(60)}.pdf`.slice(0, 250),
    'отчёт «май».docx',
    'photo\u202Egnp.exe',
    'quote".txt',
  ])('the name %j comes as one line that a browser may keep', async (name) => {
    const chatId = await newGroup(testApi.deps, [anna, boris])
    const message = await sendFile(anna, chatId, await upload(anna, html), name)
    const { headers } = await ask(boris, 'GET', urlOf(message))
    expect(headers.get('set-cookie')).toBeNull()
    expect(headers.get('content-disposition')).not.toMatch(/\u202E|[\r\n]/)
    expect(message.files![0]!.name).not.toMatch(/[\u202E\r\n]/)
  })

  test('a part of a file can be asked for, and a browser that has it is told so', async () => {
    const chatId = await newGroup(testApi.deps, [anna, boris])
    const message = await sendFile(anna, chatId, await upload(anna, Buffer.from('0123456789')))
    const get = async (headers: Record<string, string>) => {
      const answer = await ask(boris, 'GET', urlOf(message), headers)
      return [answer.status, await answer.text(), answer.headers.get('content-range')]
    }
    expect(await get({ range: 'bytes=2-4' })).toEqual([206, '234', 'bytes 2-4/10'])
    expect(await get({ range: 'bytes=-3' })).toEqual([206, '789', 'bytes 7-9/10'])
    expect(await get({ range: 'bytes=10-' })).toEqual([416, '', 'bytes */10'])
    expect(await get({ range: 'bytes=0-1,3-4' })).toEqual([200, '0123456789', null])
    const etag = (await ask(boris, 'GET', urlOf(message))).headers.get('etag')!
    expect(await get({ 'if-none-match': etag })).toEqual([304, '', null])
    expect(await get({ range: 'bytes=0-1', 'if-range': '"other"' })).toEqual([200, '0123456789', null])
  })
})

describe('the preview of a picture', () => {
  const picture = (width: number, height: number) =>
    sharp({ create: { width, height, channels: 3, background: '#28a' } }).jpeg()

  async function makePreview(contentId: ContentId): Promise<void> {
    await tryRow(testApi.deps, previewTable, contentId)
  }

  test('it comes in two sizes to those who hold the chat, with the size that the picture has when it is upright', async () => {
    const chatId = await newGroup(testApi.deps, [anna, boris])
    const observer = await Observer.open(testApi.deps, boris)
    const turned = await picture(2000, 1000).withMetadata({ orientation: 6 }).toBuffer()
    const contentId = await upload(anna, turned)
    const input = newMessage(chatId, [{ contentId, name: 'photo.jpg', width: 10, height: 20 }])
    const { message } = await as(anna).files.send(input)
    expect(message.files).toMatchObject([
      { mime: 'image/jpeg', preview: 'due', width: 10, height: 20, thumbhash: null },
    ])
    expect((await ask(boris, 'GET', `${urlOf(message)}/320`)).status).toBe(404)
    await makePreview(contentId)
    await observer.settled()
    await observer.expectEqualsFetch()
    const [file] = observer.rows('messages').find((row) => row.chatId === chatId && row.seq === message.seq)!.files!
    expect(file).toMatchObject({ preview: 'done', width: 1000, height: 2000, thumbhash: expect.any(String) })
    for (const side of [320, 1280]) {
      const answer = await ask(boris, 'GET', `${urlOf(message)}/${side}`)
      const made = await sharp(Buffer.from(await answer.arrayBuffer())).metadata()
      expect(made).toMatchObject({ format: 'webp', width: side / 2, height: side })
      expect((await ask(stranger, 'GET', `${urlOf(message)}/${side}`)).status).toBe(404)
    }
    observer.close()
  })

  test('until it is there, others see the thumbhash that the sender made, and then the one that the preview made', async () => {
    const chatId = await newGroup(testApi.deps, [anna, boris])
    const contentId = await upload(anna, await picture(200, 100).toBuffer())
    const bytes = randomBytes(25)
    const sent = newMessage(chatId, [{ contentId, name: 'photo.jpg', thumbhash: bytes.toString('base64') }])
    await as(anna).files.send(sent)
    const read = async () => (await as(boris).messages.history({ chatId, limit: 1 })).messages[0]!.files![0]!
    expect(await read()).toMatchObject({ preview: 'due', thumbhash: bytes.toString('base64') })
    await makePreview(contentId)
    const made = await read()
    expect(made).toMatchObject({ preview: 'done', thumbhash: expect.any(String) })
    expect(made.thumbhash).not.toBe(bytes.toString('base64'))
    const [file] = sent.files
    await as(anna).files.send(newMessage(chatId, [{ ...file!, thumbhash: randomBytes(24).toString('base64') }]))
    expect((await read()).thumbhash).toBe(made.thumbhash)
  })

  test('what a later message says of a content changes nothing of the one that holds it already', async () => {
    const chatId = await newGroup(testApi.deps, [anna, boris])
    const other = await newGroup(testApi.deps, [anna])
    const [hash, otherHash] = [randomBytes(24).toString('base64'), randomBytes(24).toString('base64')]
    for (const first of [{}, { width: 10, height: 20, thumbhash: hash }]) {
      const contentId = await upload(anna, await picture(200, 100).toBuffer())
      const file = { contentId, name: 'photo.jpg' }
      await as(anna).files.send(newMessage(chatId, [{ ...file, ...first }]))
      const observer = await Observer.open(testApi.deps, boris)
      const later = newMessage(other, [{ ...file, width: 1000, height: 1, thumbhash: otherHash }])
      await as(anna).files.send(later)
      await observer.expectEqualsFetch()
      const { messages } = await as(boris).messages.history({ chatId, limit: 1 })
      expect(messages[0]!.files).toMatchObject([{ width: null, height: null, thumbhash: null, ...first }])
      observer.close()
    }
  })

  test('a thumbhash that is none is refused, and a message is sent without one', async () => {
    const chatId = await newGroup(testApi.deps, [anna])
    const contentId = await upload(anna, await picture(20, 10).toBuffer())
    const send = (thumbhash?: string) =>
      as(anna).files.send(
        newMessage(chatId, [{ contentId, name: 'photo.jpg', ...(thumbhash !== undefined && { thumbhash }) }]),
      )
    const wrong = [
      '',
      'AAAA',
      randomBytes(28).toString('base64'),
      randomBytes(100_000).toString('base64'),
      'url(//x.example)/',
      '%%%%%%%%',
      'AAAAAAA',
    ]
    for (const thumbhash of wrong) expect(await outcomeOf(send(thumbhash))).toBe('input.invalid')
    expect((await send()).message.files).toMatchObject([{ thumbhash: null }])
  })

  test('a file that is no picture, whatever it says, is given up at once, told to the administrator, and stays a download', async () => {
    const chatId = await newGroup(testApi.deps, [anna, boris])
    const broken = Buffer.concat([(await picture(10, 10).toBuffer()).subarray(0, 200), randomBytes(500)])
    const contentId = await upload(anna, broken)
    const message = await sendFile(anna, chatId, contentId, 'broken.jpg')
    await makePreview(contentId)
    const admin = await newUser(testApi.deps, { role: 'admin' })
    const { work } = await as(admin).admin.givenUpWork()
    expect(work.find(({ id }) => id === contentId)).toMatchObject({ kind: 'file.preview', attempts: 1 })
    expect((await ask(boris, 'GET', urlOf(message))).status).toBe(200)
  })

  test('an animation moves in its preview', async () => {
    const frames = await Promise.all(
      ['#f00', '#0f0', '#00f'].map((background) => {
        return sharp({ create: { width: 400, height: 300, channels: 3, background } })
          .png()
          .toBuffer()
      }),
    )
    const gif = await sharp(frames, { join: { animated: true } })
      .gif({ delay: 100 })
      .toBuffer()
    const chatId = await newGroup(testApi.deps, [anna, boris])
    const contentId = await upload(anna, gif)
    const message = await sendFile(anna, chatId, contentId, 'moves.gif')
    await makePreview(contentId)
    const answer = await ask(boris, 'GET', `${urlOf(message)}/320`)
    expect(await sharp(Buffer.from(await answer.arrayBuffer()), { animated: true }).metadata()).toMatchObject({
      pages: 3,
      width: 320,
    })
  })
})
