import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { newId, type ContentId } from '@veche/shared/ids'
import { pino } from 'pino'
import { beforeAll, describe, expect, test } from 'vitest'
import { afterFile } from '../../test/cleanup.ts'
import { newTestApi } from '../../test/harness.ts'
import { outcomeOf } from '../../test/outcome.ts'
import { SwiftServer } from '../../test/s3/SwiftServer.ts'
import { piecesOf, StorageUploads } from '../../test/storage-uploads.ts'
import { UploadMovedOn } from '../uploads/UploadProgress.ts'
import { DiskStorage } from './DiskStorage.ts'
import type { FileStorage } from './FileStorage.ts'
import { S3Storage } from './S3Storage.ts'

let uploads: StorageUploads
let swift: SwiftServer
let folder: string
beforeAll(async () => {
  uploads = await StorageUploads.of((await newTestApi()).deps)
  swift = await SwiftServer.start()
  folder = await mkdtemp(join(tmpdir(), 'veche-storage-'))
})

/** A storage as another process has it, over the same place. */
const places: Record<string, () => FileStorage> = {
  disk: () => new DiskStorage(join(folder, 'files')),
  s3: () => {
    const storage = new S3Storage({ settings: swift.settings(), folder, log: pino({ level: 'silent' }) })
    afterFile(() => storage.close())
    return storage
  },
}

describe.each(Object.keys(places))('on %s', (name) => {
  const open = () => places[name]!()

  test('contents come out as they went in, whichever process took each piece, and wherever a piece broke off', async () => {
    const bytes = randomBytes(13_000_000)
    const id = await uploads.begin(open(), bytes.length)
    const ends = [100, 3_000_000, 9_000_000, 9_000_001, 13_000_000]
    let from = 0
    for (const to of ends) {
      const piece = to === ends.at(-1) ? piecesOf(bytes.subarray(from)) : brokenPieces(bytes.subarray(from, to))
      const written = open().write(await uploads.progress(id), piece)
      if (to === ends.at(-1)) expect(await written).toBe(to)
      else await expect(written).rejects.toThrow('the sender is gone')
      expect((await uploads.progress(id)).offset).toBe(to)
      from = to
    }
    await uploads.finish(open(), id)
    expect(bytes.equals(await buffer(await open().read(id, 'original')))).toBe(true)
    expect(
      bytes
        .subarray(7, 6_000_000)
        .equals(await buffer(await open().read(id, 'original', { start: 7, end: 5_999_999 }))),
    ).toBe(true)
    expect(await open().sizeOf(id, 'original')).toBe(bytes.length)
  })

  test('of two processes that take a piece to the same place one keeps it, and the other is told that it came too late', async () => {
    const id = await uploads.begin(open(), 100)
    const bytes = randomBytes(60)
    const [one, other] = [await uploads.progress(id), await uploads.progress(id)]
    const both = await Promise.allSettled([one, other].map((upload) => open().write(upload, piecesOf(bytes))))
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
    expect(both.find(({ status }) => status === 'rejected')).toMatchObject({ reason: expect.any(UploadMovedOn) })
    expect((await uploads.progress(id)).offset).toBe(60)
  })

  test('contents are the same when they are finished twice, as after a kill before that was noted', async () => {
    const id = await uploads.keep(open(), Buffer.from('twice'))
    await uploads.finish(open(), id)
    await Promise.all([uploads.finish(open(), id), uploads.finish(open(), id)])
    expect(String(await buffer(await open().read(id, 'original')))).toBe('twice')
  })

  test('contents may be empty', async () => {
    const id = await uploads.begin(open(), 0)
    await uploads.finish(open(), id)
    expect(await open().sizeOf(id, 'original')).toBe(0)
    expect(await buffer(await open().read(id, 'original'))).toHaveLength(0)
  })

  test('previews of contents are replaced and removed one by one', async () => {
    const id = await uploads.keep(open(), Buffer.from('picture'))
    await open().writeVariant(id, 320, Buffer.from('first'))
    await open().writeVariant(id, 320, Buffer.from('second'))
    await open().writeVariant(id, 1280, Buffer.from('large'))
    expect(String(await buffer(await open().read(id, 320)))).toBe('second')
    await open().removeVariant(id, 320)
    expect(await open().sizeOf(id, 320)).toBeNull()
    expect(await open().sizeOf(id, 1280)).toBe(5)
  })

  test('contents can be read as a local file, and a copy is gone after its use, also after a failure', async () => {
    const id = await uploads.keep(open(), Buffer.from('local'))
    const used: string[] = []
    const read = async (path: string) => (used.push(path), String(await readFile(path)))
    expect(await open().withLocalCopy(id, read)).toBe('local')
    const failing = open().withLocalCopy(id, async (path) => {
      used.push(path)
      throw new Error('no picture')
    })
    await expect(failing).rejects.toThrow('no picture')
    expect(used.map((path) => existsSync(path))).toEqual(Array(2).fill(name === 'disk'))
  })

  test('contents are gone after they are removed, also half an upload, and may be removed twice', async () => {
    const whole = await uploads.keep(open(), Buffer.from('gone'))
    await open().writeVariant(whole, 320, Buffer.from('gone as well'))
    const half = await uploads.begin(open(), 12_000_000)
    await uploads.write(open(), half, randomBytes(6_000_000))
    await uploads.write(open(), half, randomBytes(1_000))
    for (const id of [whole, half, whole, half]) await open().remove(id, [320])
    expect([await open().sizeOf(whole, 'original'), await open().sizeOf(whole, 320)]).toEqual([null, null])
    expect(await outcomeOf(open().read(whole, 'original'))).toBe('file.not_found')
    expect(await outcomeOf(uploads.write(open(), half, Buffer.from('late')))).toBe('file.not_found')
    expect(await open().sizeOf(half, 'original')).toBeNull()
  })

  test('contents that were never there are not found', async () => {
    const id = newId<ContentId>()
    expect(await open().sizeOf(id, 'original')).toBeNull()
    expect(await outcomeOf(open().read(id, 320))).toBe('file.not_found')
  })
})

async function* brokenPieces(bytes: Buffer) {
  yield* piecesOf(bytes)
  throw new Error('the sender is gone')
}
