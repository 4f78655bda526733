import { randomBytes } from 'node:crypto'
import { newId, type ClientId, type ContentId } from '@veche/shared/ids'
import sharp from 'sharp'
import { beforeAll, describe, expect, test } from 'vitest'
import { tryRow } from '../platform/work/due-tables.ts'
import { newGroup, newUser, type TestUser } from '../test/builders.ts'
import { sendFile, urlOf } from '../test/files.ts'
import { callerFor, newTestApi, type TestApi } from '../test/harness.ts'
import { startHttp } from '../test/http/requests.ts'
import { Uploader } from '../test/http/uploads.ts'
import { makePdf } from '../test/media/media-files.ts'
import { Observer } from '../test/Observer.ts'
import { previewTable } from './previews/preview-table.ts'

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
      const message = await sendFile(testApi.deps, anna, chatId, await from(anna).upload(bytes), name)
      const { headers } = await from(boris).ask('GET', urlOf(message))
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
    const message = await sendFile(testApi.deps, anna, chatId, await from(anna).upload(html), name)
    const { headers } = await from(boris).ask('GET', urlOf(message))
    expect(headers.get('set-cookie')).toBeNull()
    expect(headers.get('content-disposition')).not.toMatch(/\u202E|[\r\n]/)
    expect(message.files![0]!.name).not.toMatch(/[\u202E\r\n]/)
  })

  test('a part of a file can be asked for, and a browser that has it is told so', async () => {
    const chatId = await newGroup(testApi.deps, [anna, boris])
    const message = await sendFile(testApi.deps, anna, chatId, await from(anna).upload(Buffer.from('0123456789')))
    const get = async (headers: Record<string, string>) => {
      const answer = await from(boris).ask('GET', urlOf(message), headers)
      return [answer.status, await answer.text(), answer.headers.get('content-range')]
    }
    expect(await get({ range: 'bytes=2-4' })).toEqual([206, '234', 'bytes 2-4/10'])
    expect(await get({ range: 'bytes=-3' })).toEqual([206, '789', 'bytes 7-9/10'])
    expect(await get({ range: 'bytes=10-' })).toEqual([416, '', 'bytes */10'])
    expect(await get({ range: 'bytes=0-1,3-4' })).toEqual([200, '0123456789', null])
    const etag = (await from(boris).ask('GET', urlOf(message))).headers.get('etag')!
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

  test('the preview of a picture comes in two sizes to those who hold the chat, with the size that the picture has when it is upright', async () => {
    const chatId = await newGroup(testApi.deps, [anna, boris])
    const observer = await Observer.open(testApi.deps, boris)
    const turned = await picture(2000, 1000).withMetadata({ orientation: 6 }).toBuffer()
    const contentId = await from(anna).upload(turned)
    const files = [{ contentId, name: 'photo.jpg', width: 10, height: 20 }]
    const input = { chatId, clientId: newId<ClientId>(), body: '', files }
    const { message } = await callerFor(testApi.deps, anna).files.send(input)
    expect(message.files).toMatchObject([
      { mime: 'image/jpeg', preview: 'due', width: 10, height: 20, thumbhash: null },
    ])
    expect((await from(boris).ask('GET', `${urlOf(message)}/320`)).status).toBe(404)
    await makePreview(contentId)
    await observer.settled()
    await observer.expectEqualsFetch()
    const [file] = observer.rows('messages').find((row) => row.chatId === chatId && row.seq === message.seq)!.files!
    expect(file).toMatchObject({ preview: 'done', width: 1000, height: 2000, thumbhash: expect.any(String) })
    for (const side of [320, 1280]) {
      const answer = await from(boris).ask('GET', `${urlOf(message)}/${side}`)
      const made = await sharp(Buffer.from(await answer.arrayBuffer())).metadata()
      expect(made).toMatchObject({ format: 'webp', width: side / 2, height: side })
      expect((await from(stranger).ask('GET', `${urlOf(message)}/${side}`)).status).toBe(404)
    }
    observer.close()
  })

  test('a file that is no picture, whatever it says, is given up at once, told to the administrator, and stays a download', async () => {
    const chatId = await newGroup(testApi.deps, [anna, boris])
    const broken = Buffer.concat([(await picture(10, 10).toBuffer()).subarray(0, 200), randomBytes(500)])
    const contentId = await from(anna).upload(broken)
    const message = await sendFile(testApi.deps, anna, chatId, contentId, 'broken.jpg')
    await makePreview(contentId)
    const admin = await newUser(testApi.deps, { role: 'admin' })
    const { work } = await callerFor(testApi.deps, admin).admin.givenUpWork()
    expect(work.find(({ id }) => id === contentId)).toMatchObject({ kind: 'file.preview', attempts: 1 })
    expect((await from(boris).ask('GET', urlOf(message))).status).toBe(200)
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
    const contentId = await from(anna).upload(gif)
    const message = await sendFile(testApi.deps, anna, chatId, contentId, 'moves.gif')
    await makePreview(contentId)
    const answer = await from(boris).ask('GET', `${urlOf(message)}/320`)
    expect(await sharp(Buffer.from(await answer.arrayBuffer()), { animated: true }).metadata()).toMatchObject({
      pages: 3,
      width: 320,
    })
  })
})
