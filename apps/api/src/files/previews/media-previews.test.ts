import { once } from 'node:events'
import { type ContentId, newId } from '@veche/shared/ids'
import type { MessageFile, MessageRow } from '@veche/shared/rows/rows'
import sharp from 'sharp'
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { findDueRows, tryRow } from '../../platform/work/due-tables.ts'
import { newGroup, newUser, type TestUser } from '../../test/builders.ts'
import { newContent, sendFile } from '../../test/files.ts'
import { callerFor, newTestApi, type TestApi } from '../../test/harness.ts'
import { startHttp } from '../../test/http/requests.ts'
import { Uploader } from '../../test/http/uploads.ts'
import { makeMedia, makePdf, moving, tone } from '../../test/media/media-files.ts'
import { Observer } from '../../test/Observer.ts'
import { waitBounds } from '../../test/waiting.ts'
import { startWorker } from '../../worker.ts'
import { takeBackUpload } from '../unheld-contents.ts'
import { mediaTable } from './media-table.ts'
import { makeRendition, maxRenditionBytes } from './media/rendition.ts'
import { whileHeld } from './previewed-contents.ts'
import { previewTable } from './preview-table.ts'
import { renditionTable } from './rendition-table.ts'
import { MediaTools } from './tools/MediaTools.ts'

let testApi: TestApi
let base: string
let anna: TestUser
let boris: TestUser
let chatId: Awaited<ReturnType<typeof newGroup>>
beforeAll(async () => {
  testApi = await newTestApi()
  base = await startHttp(testApi.deps)
  ;[anna, boris] = [await newUser(testApi.deps), await newUser(testApi.deps)]
  chatId = await newGroup(testApi.deps, [anna, boris])
})

function get(who: TestUser, path: string, headers: Record<string, string> = {}): Promise<Response> {
  return new Uploader(base, testApi.deps, who).ask('GET', path, headers)
}

type Read = { message: MessageRow; file: MessageFile; contentId: ContentId; url: string }

/** Sends it, and does all the work that it makes. The rows that reach the other person are those that a fetch returns. */
async function sendAndRead(bytes: Buffer): Promise<Read> {
  const { deps } = testApi
  const contentId = await newContent(deps, anna, bytes)
  const message = await sendFile(deps, anna, chatId, contentId)
  const observer = await Observer.open(deps, boris)
  for (const table of [previewTable, mediaTable, renditionTable]) await tryRow(deps, table, contentId)
  await observer.settled()
  await observer.expectEqualsFetch()
  const row = observer.rows('messages').find((one) => one.chatId === chatId && one.seq === message.seq)!
  observer.close()
  return { message, file: row.files![0]!, contentId, url: `/api/files/${message.files![0]!.id}` }
}

/** As if the machine were so slow that ffmpeg never comes to an end. */
async function whileTooSlow<T>(work: () => Promise<T>): Promise<T> {
  const { mediaTools } = testApi.deps
  const run = mediaTools.run.bind(mediaTools)
  mediaTools.run = (name, args, folder, options) =>
    run(name, args, folder, { ...options, ...(name === 'ffmpeg' ? { timeMs: 1 } : {}) })
  return work().finally(() => (mediaTools.run = run))
}

async function bytesOf(answer: Response): Promise<Buffer> {
  expect(answer.status).toBe(200)
  return Buffer.from(await answer.arrayBuffer())
}

async function failureOf(contentId: ContentId) {
  const admin = await newUser(testApi.deps, { role: 'admin' })
  const as = callerFor(testApi.deps, admin)
  return (await as.admin.givenUpWork()).work.find(({ id }) => id === contentId)
}

describe('a video', () => {
  test('a video shows how large and long it is and its first frame that is not black, and is played as it is where browsers can', async () => {
    const fadesIn = ['-f', 'lavfi', '-i', 'color=black:s=64x48:d=1:r=10', ...moving(), ...tone(2)]
    const streams = ['-filter_complex', '[0:v][1:v]concat', '-g', '5', '-pix_fmt', 'yuv420p']
    const { file, url } = await sendAndRead(await makeMedia('mp4', [...fadesIn, ...streams]))
    expect(file).toMatchObject({ mime: 'video/mp4', width: 64, height: 48, preview: 'done', hasRendition: false })
    expect(file).toMatchObject({ thumbhash: expect.any(String), waveform: null })
    expect(file.durationMs).toBeGreaterThanOrEqual(2_000)
    const poster = sharp(await bytesOf(await get(boris, `${url}/320`)))
    expect((await poster.stats()).channels[0]!.mean).toBeGreaterThan(30)
    expect((await get(boris, `${url}/rendition`)).status).toBe(404)
  })

  test('a video that a phone recorded on its side is upright, and comes in a container that browsers play, without its place', async () => {
    const plain = await makeMedia('mov', [...moving(), '-pix_fmt', 'yuv420p'])
    const place = ['-metadata', 'location=+55.75+037.61/', '-movflags', 'use_metadata_tags']
    const turn = ['-i', 'in.mov', '-c', 'copy', '-metadata:s:v', 'rotate=90', ...place]
    const turned = await makeMedia('mov', turn, { 'in.mov': plain })
    expect(turned.includes('+55.75')).toBe(true)
    const { file, url } = await sendAndRead(turned)
    expect(file).toMatchObject({ mime: 'video/quicktime', width: 48, height: 64, preview: 'done', hasRendition: true })
    const poster = await sharp(await bytesOf(await get(boris, `${url}/1280`))).metadata()
    expect(poster).toMatchObject({ width: 48, height: 64 })
    const rendition = await get(boris, `${url}/rendition`)
    expect(rendition.headers.get('content-type')).toBe('video/mp4')
    const bytes = await bytesOf(rendition)
    expect(bytes.includes('+55.75')).toBe(false)
    // It plays before its end is here.
    expect(bytes.indexOf('moov')).toBeLessThan(bytes.indexOf('mdat'))
    const part = await get(boris, `${url}/rendition`, { range: 'bytes=4-7' })
    expect([part.status, await part.text()]).toEqual([206, 'ftyp'])
    expect((await get(await newUser(testApi.deps), `${url}/rendition`)).status).toBe(404)
  })

  test('a video whose pictures or sound browsers cannot decode gets a version that they can, and both are deleted together', async () => {
    const quiet = ['-x265-params', 'log-level=none', '-pix_fmt', 'yuv420p10le']
    const hevc = await makeMedia('mp4', [...moving(), ...tone(), '-c:v', 'libx265', ...quiet, '-c:a', 'ac3'])
    const { file, url, message, contentId } = await sendAndRead(hevc)
    expect(file).toMatchObject({ width: 64, height: 48, hasRendition: true })
    const bytes = await bytesOf(await get(boris, `${url}/rendition`))
    expect([bytes.includes('avc1'), bytes.includes('mp4a'), bytes.includes('hev1')]).toEqual([true, true, false])
    await callerFor(testApi.deps, anna).messages.delete({ chatId, seq: message.seq })
    expect((await get(boris, `${url}/rendition`)).status).toBe(404)
    expect(await testApi.deps.fileStorage.sizeOf(contentId, 'rendition')).toEqual(expect.any(Number))
    await testApi.deps.fileStorage.remove(contentId, ['rendition'])
  })

  test('a video that does not say how long it is, as browsers record it, is read to its end', async () => {
    const recorded = [...moving(), '-c:v', 'libvpx', '-deadline', 'realtime', '-live', '1', '-f', 'webm']
    const { file } = await sendAndRead(await makeMedia('webm', recorded))
    expect(file).toMatchObject({ mime: 'video/webm', durationMs: 900, hasRendition: false })
  })

  test('of a video that is too long no version is made, and it is still there with its poster', async () => {
    const { deps } = testApi
    const bytes = await makeMedia('mov', [...moving(), '-pix_fmt', 'yuv420p'])
    const contentId = await newContent(deps, anna, bytes)
    const message = await sendFile(deps, anna, chatId, contentId)
    await tryRow(deps, mediaTable, contentId)
    const facts = { durationMs: 3_600_001, video: null, audio: { codec: 'alac', channels: 2 } }
    const source = { path: '/nothing', folder: '/nothing', demuxer: 'mov' }
    await expect(makeRendition(deps.mediaTools, source, facts, { timeMs: 1, fileBytes: 1 })).rejects.toThrow('too long')
    await whileTooSlow(() => tryRow(deps, renditionTable, contentId))
    expect(await failureOf(contentId)).toMatchObject({
      kind: 'file.rendition',
      attempts: 1,
      name: `picture.png · ${anna.name}`,
      error: 'The version for browsers could not be made. (it took too long)',
    })
    const url = `/api/files/${message.files![0]!.id}`
    const statuses = await Promise.all([url, `${url}/320`].map(async (path) => (await get(boris, path)).status))
    expect(statuses).toEqual([200, 200])
  })
})

test('a rendition may be some times as large as what it is made of, and not a thousand times', async () => {
  const audio = { codec: 'amr_nb', channels: 1 }
  const video = { codec: 'h264', pixelFormat: 'yuv420p', width: 64, height: 64, isHdr: false }
  expect(maxRenditionBytes(800_000, { durationMs: 3_600_000, video, audio: null })).toBeLessThan(6_000_000)
  // An hour of speech at twelve kilobits a second becomes one at sixty-four.
  expect(maxRenditionBytes(5_400_000, { durationMs: 3_600_000, video: null, audio })).toBeGreaterThan(28_800_000)
})

test('long work on an upload is told to end when the upload is taken back', async () => {
  const { deps } = testApi
  const contentId = await newContent(deps, anna)
  const work = whileHeld(deps, contentId, async (signal) => {
    await takeBackUpload(deps, contentId, anna.userId)
    await once(signal, 'abort')
    return 'ended'
  })
  expect(await work).toBe('ended')
})

describe('a sound', () => {
  const loudness = (file: MessageFile) => [...Buffer.from(file.waveform!, 'base64')]

  test('a sound shows how long it is and how loud from its beginning to its end, in a hundred steps', async () => {
    const silence = ['-f', 'lavfi', '-i', 'anullsrc=d=1:r=44100']
    const halves = ['-filter_complex', '[0:a][1:a]concat=v=0:a=1']
    const { file } = await sendAndRead(await makeMedia('mp3', [...silence, ...tone(), ...halves]))
    expect(file).toMatchObject({ mime: 'audio/mpeg', preview: 'none', hasRendition: false, width: null })
    expect(file.durationMs).toBeGreaterThanOrEqual(2_000)
    const parts = loudness(file)
    expect(parts).toHaveLength(100)
    expect(Math.max(...parts.slice(0, 45))).toBe(0)
    expect(Math.min(...parts.slice(60, 95))).toBeGreaterThan(200)
  })

  test('a short voice message that some browsers cannot play gets a version that they can', async () => {
    const { file, url } = await sendAndRead(await makeMedia('ogg', [...tone(0.2), '-c:a', 'libopus']))
    expect(file).toMatchObject({ preview: 'none', durationMs: expect.any(Number), hasRendition: true })
    expect(loudness(file)).toHaveLength(100)
    expect(Math.min(...loudness(file))).toBeGreaterThan(0)
    const rendition = await get(boris, `${url}/rendition`)
    expect(rendition.headers.get('content-type')).toBe('audio/mp4')
    expect((await bytesOf(rendition)).includes('mp4a')).toBe(true)
  })

  test('a voice message as Chromium records it counts as sound, and gets a version in which one can seek', async () => {
    const { file, url } = await sendAndRead(await makeMedia('webm', [...tone(0.2), '-c:a', 'libopus', '-live', '1']))
    expect(file).toMatchObject({ mime: 'audio/webm', durationMs: expect.any(Number), hasRendition: true })
    expect((await get(boris, `${url}/rendition`)).headers.get('content-type')).toBe('audio/mp4')
    const row = testApi.deps.db.selectFrom('files').select('kind').where('id', '=', file.id)
    expect((await row.executeTakeFirstOrThrow()).kind).toBe('file')
  })

  test('a sound that is too long to be listened to shows how long it says it is', async () => {
    const wav = await makeMedia('wav', tone())
    const { file } = await whileTooSlow(() => sendAndRead(wav))
    expect(file).toMatchObject({ mime: 'audio/wav', durationMs: 1_000, waveform: null, preview: 'none' })
  })

  test('the picture on the cover of a song makes no video of it', async () => {
    const cover = await sharp({ create: { width: 20, height: 20, channels: 3, background: '#a33' } })
      .png()
      .toBuffer()
    const attach = ['-i', 'cover.png', '-map', '0', '-map', '1', '-c:v', 'copy', '-disposition:v', 'attached_pic']
    const { file } = await sendAndRead(await makeMedia('mp3', [...tone(), ...attach], { 'cover.png': cover }))
    expect(file).toMatchObject({ preview: 'none', width: null, hasRendition: false })
    expect(loudness(file)).toHaveLength(100)
  })
})

test('the worker does all of it when it is nudged', async () => {
  const { deps } = testApi
  onTestFinished(startWorker([deps]))
  const contentId = await newContent(deps, anna, await makeMedia('mov', [...moving(), '-pix_fmt', 'yuv420p']))
  const isReady = async () => {
    const found = deps.db.selectFrom('contents').select('rendition_at').where('id', '=', contentId)
    return (await found.executeTakeFirstOrThrow()).rendition_at !== null
  }
  await expect.poll(isReady, waitBounds).toBe(true)
})

test('where the programs are missing, such files are given up with the words to install them, and can be downloaded', async () => {
  const { deps } = testApi
  const { mediaTools } = deps
  deps.mediaTools = new MediaTools('/nonexistent/making', deps.log, [])
  deps.mediaTools.inFolder = mediaTools.inFolder.bind(mediaTools)
  const { url, contentId } = await sendAndRead(makePdf()).finally(() => (deps.mediaTools = mediaTools))
  expect((await failureOf(contentId))?.error).toMatch(/^The server lacks the program .*apt-get install .*poppler-utils/)
  expect((await get(boris, url)).status).toBe(200)
})

test('five hundred videos of one person do not hold up the picture and the video of another', async () => {
  const { deps } = testApi
  const boris = await newUser(deps)
  const video = await makeMedia('mp4', [...moving(), '-pix_fmt', 'yuv420p'])
  const first = await newContent(deps, anna, video)
  const many = Array.from({ length: 500 }, () => newId<ContentId>())
  await deps.db
    .insertInto('contents')
    .columns(['id', 'owner_id', 'size'])
    .values(many.map((id) => ({ id, owner_id: anna.userId, size: 1 })))
    .execute()
  await deps.db
    .insertInto('previews')
    .values(many.map((id) => ({ id, kind: 'media' as const })))
    .execute()
  const theirs = [await newContent(deps, boris, video), await newContent(deps, boris)]
  const due = (await findDueRows(deps, mediaTable)).map(({ id }) => id)
  expect(due.indexOf(theirs[0]!)).toBeLessThanOrEqual(1)
  expect((await findDueRows(deps, previewTable)).map(({ id }) => id)).toEqual([theirs[1]])
  expect(due).toContain(first)
})
