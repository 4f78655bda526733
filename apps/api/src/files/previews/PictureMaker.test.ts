import { randomBytes } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import sharp from 'sharp'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { PictureMaker, type PictureLimits } from './PictureMaker.ts'
import { PreviewRefused } from './refusals.ts'

let folder: string
beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), 'veche-pictures-'))))
afterAll(() => rm(folder, { recursive: true }))

let count = 0
async function fileOf(bytes: Uint8Array): Promise<string> {
  const path = join(folder, String((count += 1)))
  await writeFile(path, bytes)
  return path
}

function newMaker(limits?: Partial<PictureLimits>): PictureMaker {
  const usual = { timeMs: 60_000, memoryBytes: 1_000_000_000, idleMs: 60_000 }
  const maker = new PictureMaker({ ...usual, ...limits })
  onTestFinished(() => maker.close())
  return maker
}

const plain = (width: number, height: number) => sharp({ create: { width, height, channels: 3, background: '#654' } })

/** It says that it has so many pixels, and has none. */
function emptyPng(width: number, height: number): Buffer {
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header.set([8, 2, 0, 0, 0], 8)
  const chunk = (type: string, data: Buffer) => {
    const body = Buffer.concat([Buffer.from(type), data])
    const [length, check] = [Buffer.alloc(4), Buffer.alloc(4)]
    length.writeUInt32BE(data.length)
    check.writeUInt32BE(crc32(body))
    return Buffer.concat([length, body, check])
  }
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
  return Buffer.concat([
    signature,
    chunk('IHDR', header),
    chunk('IDAT', Buffer.alloc(0)),
    chunk('IEND', Buffer.alloc(0)),
  ])
}

test('a picture with more pixels than any camera makes is refused, and the next one is made', async () => {
  const maker = newMaker()
  await expect(maker.make(await fileOf(emptyPng(60_000, 60_000)))).rejects.toThrow(/pixel limit/)
  expect(await maker.make(await fileOf(await plain(400, 300).png().toBuffer()))).toMatchObject({
    width: 400,
    height: 300,
  })
})

test.each([
  ['too long', { timeMs: 1 }],
  ['too much memory', { memoryBytes: 1_000_000 }],
])('a picture that takes %s is refused, and another maker makes it', async (why, limits) => {
  // Large enough to be seen while it is made.
  const path = await fileOf(await plain(8_000, 6_000).jpeg().toBuffer())
  await expect(newMaker(limits).make(path)).rejects.toThrow(why)
  expect(await newMaker().make(path)).toMatchObject({ width: 8_000, height: 6_000 })
})

test('of an animation with very many frames the preview shows the first ones', async () => {
  const raw = { width: 16, height: 16, channels: 3 as const }
  const noise = () =>
    sharp(randomBytes(16 * 16 * 3), { raw })
      .png()
      .toBuffer()
  const frames = await Promise.all(Array.from({ length: 300 }, noise))
  const gif = await sharp(frames, { join: { animated: true } })
    .gif()
    .toBuffer()
  const { previews } = await newMaker().make(await fileOf(gif))
  const { pages } = await sharp(previews[0]!.bytes, { animated: true }).metadata()
  expect(pages).toBe(120)
})

test('several pictures are made one after the other by the same child, whichever fails', async () => {
  const maker = newMaker()
  const good = await fileOf(await plain(50, 40).jpeg().toBuffer())
  const bad = await fileOf(Buffer.from('no picture'))
  const made = await Promise.allSettled([good, bad, good, bad, good].map((path) => maker.make(path)))
  expect(made.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'rejected', 'fulfilled'])
})

test('a picture whose maker is closed meanwhile fails as one that may be made later, and a child that died while idle is replaced', async () => {
  const maker = newMaker()
  const path = await fileOf(await plain(8_000, 6_000).jpeg().toBuffer())
  const made = maker.make(path).catch((error: unknown) => error)
  await expect.poll(() => maker.pid).toBeGreaterThan(0)
  maker.close()
  expect(await made).not.toBeInstanceOf(PreviewRefused)
  expect(await made).toBeInstanceOf(Error)
  await maker.make(path)
  process.kill(maker.pid!, 'SIGKILL')
  await expect.poll(() => maker.pid).toBeUndefined()
  expect(await maker.make(path)).toMatchObject({ width: 8_000 })
})
