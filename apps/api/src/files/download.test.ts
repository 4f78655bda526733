import { beforeAll, describe, expect, test } from 'vitest'
import { newGroup, newUser, type TestUser } from '../test/builders.ts'
import { sendFile, urlOf } from '../test/files.ts'
import { newTestApi, type TestApi } from '../test/harness.ts'
import { startHttp } from '../test/http/requests.ts'
import { Uploader } from '../test/http/uploads.ts'
import { makePdf } from '../test/media/media-files.ts'

let testApi: TestApi
let base: string
let anna: TestUser
let boris: TestUser
beforeAll(async () => {
  testApi = await newTestApi()
  base = await startHttp(testApi.deps)
  ;[anna, boris] = [await newUser(testApi.deps), await newUser(testApi.deps)]
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
