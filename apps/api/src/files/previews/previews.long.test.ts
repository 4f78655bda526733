import { readFile } from 'node:fs/promises'
import type { ContentId } from '@veche/shared/ids'
import sharp from 'sharp'
import { beforeAll, expect, test } from 'vitest'
import { tryRow } from '../../platform/work/due-tables.ts'
import { newUser, type TestUser } from '../../test/builders.ts'
import { newContent, pathOnDisk } from '../../test/files.ts'
import { newTestApi, type TestApi } from '../../test/harness.ts'
import { gif, hostilePictures, png } from '../../test/media/hostile-files.ts'
import { makeHeic, makeMedia, moving, tone } from '../../test/media/media-files.ts'
import { mediaTable } from './media-table.ts'
import { previewTable } from './preview-table.ts'
import { renditionTable } from './rendition-table.ts'

let testApi: TestApi
let anna: TestUser
beforeAll(async () => {
  testApi = await newTestApi()
  anna = await newUser(testApi.deps)
})

async function read(bytes: Buffer) {
  const { deps } = testApi
  const id = await newContent(deps, anna, bytes)
  for (const table of [previewTable, mediaTable, renditionTable]) await tryRow(deps, table, id)
  const content = await deps.db.selectFrom('contents').selectAll().where('id', '=', id).executeTakeFirstOrThrow()
  const { state, error } = await deps.db
    .selectFrom('previews')
    .selectAll()
    .where('id', '=', id)
    .executeTakeFirstOrThrow()
  return { id, content, state, error }
}

const sizeOf = (id: ContentId, variant: number | 'rendition') => testApi.deps.fileStorage.sizeOf(id, variant)

async function largestMb(): Promise<number> {
  const status = await readFile(`/proc/${testApi.deps.pictureMaker.pid}/status`, 'utf8')
  return Number(/VmHWM:\s+(\d+)/.exec(status)![1]) / 1_000
}

/** As detailed as a photo. */
const photo = (width: number, height: number) =>
  sharp({
    create: { width, height, channels: 3, background: '#000', noise: { type: 'gaussian', mean: 128, sigma: 20 } },
  })

test('a picture of 48 megapixels from a phone has its previews', async () => {
  const heic = await makeHeic(await photo(8_064, 6_048).blur(2).jpeg().toBuffer())
  const { id, content, state } = await read(heic)
  expect({ state, width: content.width, height: content.height }).toEqual({
    state: 'done',
    width: 8_064,
    height: 6_048,
  })
  for (const side of [320, 1280]) expect(await sizeOf(id, side)).toBeGreaterThan(100)
}, 300_000)

test('an animation of ten thousand frames moves in its preview, and takes no more than it may', async () => {
  const { state } = await read(gif(400, 300, 10_000))
  expect(state).toBe('done')
  expect(await largestMb()).toBeLessThan(700)
}, 120_000)

test('bombs take no more memory than a picture may have, and a picture among them has its previews', async () => {
  const flat = await sharp({ create: { width: 10_900, height: 10_900, channels: 3, background: '#000' } })
    .png({ compressionLevel: 9 })
    .toBuffer()
  const still = await photo(1_000, 800).jpeg().toBuffer()
  const before = process.memoryUsage().rss
  for (const bomb of [flat, png(60_000, 60_000), ...Object.values(hostilePictures).map((make) => make())]) {
    await read(bomb)
    expect((await read(still)).state).toBe('done')
    expect(await largestMb()).toBeLessThan(800)
  }
  expect((process.memoryUsage().rss - before) / 1e6).toBeLessThan(300)
}, 300_000)

test('of a long video the poster costs no more than of a short one, and its version for browsers is as long as it', async () => {
  const long = [...moving(600, '320x240'), ...tone(600), '-c:v', 'mpeg4', '-c:a', 'mp3', '-g', '100']
  const { id, content, state } = await read(await makeMedia('avi', long))
  expect(state).toBe('done')
  expect(content.duration_ms).toBeGreaterThan(599_000)
  expect(content.rendition_at).not.toBeNull()
  expect(await sizeOf(id, 'rendition')).toBeGreaterThan(100_000)
}, 600_000)

test('a video with more light than a plain screen shows has a poster that is neither black nor white', async () => {
  const hdr = ['-vf', 'format=yuv420p10le,setparams=color_primaries=bt2020:color_trc=arib-std-b67:colorspace=bt2020nc']
  const x265 = [
    '-c:v',
    'libx265',
    '-x265-params',
    'log-level=none:colorprim=bt2020:transfer=arib-std-b67:colormatrix=bt2020nc',
  ]
  const { id, state, error } = await read(await makeMedia('mov', [...moving(1, '640x360'), ...hdr, ...x265]))
  expect({ state, error }).toEqual({ state: 'done', error: null })
  const poster = await sharp(pathOnDisk(testApi.deps, id, 320)).stats()
  expect(poster.channels[1]!.mean).toBeGreaterThan(50)
  expect(poster.channels[1]!.mean).toBeLessThan(210)
  expect(await sizeOf(id, 'rendition')).toBeGreaterThan(1_000)
}, 120_000)
