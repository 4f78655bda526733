import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import sharp from 'sharp'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { gif, png } from '../../test/media/hostile-files.ts'
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

test('a picture with more pixels than any camera makes is refused, and the next one is made', async () => {
  const maker = newMaker()
  await expect(maker.make(await fileOf(png(60_000, 60_000)))).rejects.toThrow(/pixel limit/)
  expect(await maker.make(await fileOf(await plain(400, 300).png().toBuffer()))).toMatchObject({
    width: 400,
    height: 300,
  })
})

test.each([
  ['too long', { timeMs: 1 }],
  ['too much memory', { memoryBytes: 1_000_000 }],
])('a picture that takes %s is refused, and another maker makes it', async (why, limits) => {
  const path = await fileOf(await plain(800, 600).jpeg().toBuffer())
  await expect(newMaker(limits).make(path)).rejects.toThrow(why)
  expect(await newMaker().make(path)).toMatchObject({ width: 800, height: 600 })
})

test('of an animation with very many frames the preview shows the first ones', async () => {
  const { previews } = await newMaker().make(await fileOf(gif(1, 1, 300)))
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
  const path = await fileOf(await plain(800, 600).jpeg().toBuffer())
  const made = maker.make(path).catch((error: unknown) => error)
  await expect.poll(() => maker.pid).toBeGreaterThan(0)
  maker.close()
  expect(await made).not.toBeInstanceOf(PreviewRefused)
  expect(await made).toBeInstanceOf(Error)
  await maker.make(path)
  process.kill(maker.pid!, 'SIGKILL')
  await expect.poll(() => maker.pid).toBeUndefined()
  expect(await maker.make(path)).toMatchObject({ width: 800 })
})
