import { randomBytes } from 'node:crypto'
import { newId, type ChatId, type ClientId, type ContentId } from '@veche/shared/ids'
import type { MessageFile } from '@veche/shared/rows/rows'
import sharp from 'sharp'
import { beforeAll, expect, test } from 'vitest'
import { tryRow } from '../../platform/work/due-tables.ts'
import { newGroup, newUser, type TestUser } from '../../test/builders.ts'
import { newContent, sendFile, urlOf } from '../../test/files.ts'
import { callerFor, newTestApi, type TestApi } from '../../test/harness.ts'
import { startHttp } from '../../test/http/requests.ts'
import { Uploader } from '../../test/http/uploads.ts'
import { makeHeic, makeLockedPdf, makePdf } from '../../test/media/media-files.ts'
import { Observer } from '../../test/Observer.ts'
import { outcomeOf } from '../../test/outcome.ts'
import { previewTable } from './preview-table.ts'

let testApi: TestApi
let base: string
let anna: TestUser
let boris: TestUser
let stranger: TestUser
let chatId: ChatId
beforeAll(async () => {
  testApi = await newTestApi()
  base = await startHttp(testApi.deps)
  ;[anna, boris, stranger] = [await newUser(testApi.deps), await newUser(testApi.deps), await newUser(testApi.deps)]
  chatId = await newGroup(testApi.deps, [anna, boris])
})

const from = (who: TestUser) => new Uploader(base, testApi.deps, who)
const picture = (width: number, height: number) =>
  sharp({ create: { width, height, channels: 3, background: '#28a' } }).jpeg()

function newMessage(
  chatId: ChatId,
  files: { contentId: ContentId; name: string; width?: number; height?: number; thumbhash?: string }[],
) {
  return { chatId, clientId: newId<ClientId>(), body: '', files }
}

async function makePreview(contentId: ContentId): Promise<void> {
  await tryRow(testApi.deps, previewTable, contentId)
}

type Read = { file: MessageFile; contentId: ContentId; url: string }

/** Sends it, makes its preview, and reads what the other person sees of it. */
async function sendAndRead(bytes: Buffer): Promise<Read> {
  const contentId = await newContent(testApi.deps, anna, bytes)
  const message = await sendFile(testApi.deps, anna, chatId, contentId)
  await makePreview(contentId)
  const { messages } = await callerFor(testApi.deps, boris).messages.history({ chatId, limit: 1 })
  return { file: messages[0]!.files![0]!, contentId, url: urlOf(message) }
}

async function bytesOf(answer: Response): Promise<Buffer> {
  expect(answer.status).toBe(200)
  return Buffer.from(await answer.arrayBuffer())
}

async function failureOf(contentId: ContentId, locale: 'en' | 'ru' = 'en') {
  const admin = callerFor(testApi.deps, await newUser(testApi.deps, { role: 'admin' }))
  await admin.users.updateSettings({ locale })
  return (await admin.admin.givenUpWork()).work.find(({ id }) => id === contentId)
}

test('the preview of a picture comes in two sizes to those who hold the chat, with the size that the picture has when it is upright', async () => {
  const observer = await Observer.open(testApi.deps, boris)
  const turned = await picture(2000, 1000).withMetadata({ orientation: 6 }).toBuffer()
  const contentId = await from(anna).upload(turned)
  const files = [{ contentId, name: 'photo.jpg', width: 10, height: 20 }]
  const input = { chatId, clientId: newId<ClientId>(), body: '', files }
  const { message } = await callerFor(testApi.deps, anna).files.send(input)
  expect(message.files).toMatchObject([{ mime: 'image/jpeg', preview: 'due', width: 10, height: 20, thumbhash: null }])
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

test('until it is there, others see the thumbhash that the sender made, and then the one that the preview made', async () => {
  const chatId = await newGroup(testApi.deps, [anna, boris])
  const contentId = await from(anna).upload(await picture(200, 100).toBuffer())
  const bytes = randomBytes(25)
  const sent = newMessage(chatId, [{ contentId, name: 'photo.jpg', thumbhash: bytes.toString('base64') }])
  await callerFor(testApi.deps, anna).files.send(sent)
  const read = async () =>
    (await callerFor(testApi.deps, boris).messages.history({ chatId, limit: 1 })).messages[0]!.files![0]!
  expect(await read()).toMatchObject({ preview: 'due', thumbhash: bytes.toString('base64') })
  await makePreview(contentId)
  const made = await read()
  expect(made).toMatchObject({ preview: 'done', thumbhash: expect.any(String) })
  expect(made.thumbhash).not.toBe(bytes.toString('base64'))
  const [file] = sent.files
  await callerFor(testApi.deps, anna).files.send(
    newMessage(chatId, [{ ...file!, thumbhash: randomBytes(24).toString('base64') }]),
  )
  expect((await read()).thumbhash).toBe(made.thumbhash)
})

test('what a later message says of a content changes nothing of the one that holds it already', async () => {
  const chatId = await newGroup(testApi.deps, [anna, boris])
  const other = await newGroup(testApi.deps, [anna])
  const [hash, otherHash] = [randomBytes(24).toString('base64'), randomBytes(24).toString('base64')]
  for (const first of [{}, { width: 10, height: 20, thumbhash: hash }]) {
    const contentId = await from(anna).upload(await picture(200, 100).toBuffer())
    const file = { contentId, name: 'photo.jpg' }
    await callerFor(testApi.deps, anna).files.send(newMessage(chatId, [{ ...file, ...first }]))
    const observer = await Observer.open(testApi.deps, boris)
    const later = newMessage(other, [{ ...file, width: 1000, height: 1, thumbhash: otherHash }])
    await callerFor(testApi.deps, anna).files.send(later)
    await observer.expectEqualsFetch()
    const { messages } = await callerFor(testApi.deps, boris).messages.history({ chatId, limit: 1 })
    expect(messages[0]!.files).toMatchObject([{ width: null, height: null, thumbhash: null, ...first }])
    observer.close()
  }
})

test('a thumbhash that is none is refused, and a message is sent without one', async () => {
  const chatId = await newGroup(testApi.deps, [anna])
  const contentId = await from(anna).upload(await picture(20, 10).toBuffer())
  const send = (thumbhash?: string) =>
    callerFor(testApi.deps, anna).files.send(
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
  const broken = Buffer.concat([(await picture(10, 10).toBuffer()).subarray(0, 200), randomBytes(500)])
  const contentId = await from(anna).upload(broken)
  const message = await sendFile(testApi.deps, anna, chatId, contentId, 'broken.jpg')
  await makePreview(contentId)
  expect(await failureOf(contentId)).toMatchObject({ kind: 'file.preview', attempts: 1 })
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
  const contentId = await from(anna).upload(gif)
  const message = await sendFile(testApi.deps, anna, chatId, contentId, 'moves.gif')
  await makePreview(contentId)
  const answer = await from(boris).ask('GET', `${urlOf(message)}/320`)
  expect(await sharp(Buffer.from(await answer.arrayBuffer()), { animated: true }).metadata()).toMatchObject({
    pages: 3,
    width: 320,
  })
})

test('the preview of a document is its first page', async () => {
  const { file, url } = await sendAndRead(makePdf())
  expect(file).toMatchObject({ mime: 'application/pdf', width: 1280, height: 640, preview: 'done', durationMs: null })
  const page = sharp(await bytesOf(await from(boris).ask('GET', `${url}/320`)))
  const light = async (left: number, top: number) => {
    const spot = await page.clone().extract({ left, top, width: 20, height: 20 }).toBuffer()
    return (await sharp(spot).stats()).channels[0]!.mean
  }
  expect(await light(40, 120)).toBeLessThan(100)
  expect(await light(280, 20)).toBeGreaterThan(200)
})

test('a document with a password is given up at once, in words that name the file and who sent it', async () => {
  const { file, contentId } = await sendAndRead(makeLockedPdf())
  expect(file).toMatchObject({ preview: 'none', thumbhash: null })
  expect(await failureOf(contentId)).toMatchObject({
    kind: 'file.preview',
    word: 'preview',
    name: `picture.png · ${anna.name}`,
    attempts: 1,
    error: expect.stringMatching(/^The picture or document could not be read\. \(.*password/i),
  })
  expect((await failureOf(contentId, 'ru'))?.error).toMatch(/^Изображение или документ не удалось прочитать\./)
})

test('the previews of a picture of a phone are upright and do not say where it was taken', async () => {
  const place = { IFD3: { GPSLatitudeRef: 'N', GPSLatitude: '55/1 45/1 7/1' }, IFD0: { Copyright: 'whose' } }
  const turned = await picture(80, 40).withExif(place).withMetadata({ orientation: 6 }).withExifMerge(place).toBuffer()
  expect(turned.includes('whose')).toBe(true)
  const { file, url } = await sendAndRead(await makeHeic(turned))
  expect(file).toMatchObject({ mime: 'image/heic', width: 40, height: 80, preview: 'done' })
  for (const side of [320, 1280]) {
    const { exif, width, height } = await sharp(
      await bytesOf(await from(boris).ask('GET', `${url}/${side}`)),
    ).metadata()
    expect({ exif, width, height }).toEqual({ exif: undefined, width: 40, height: 80 })
  }
})
