import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { newId, type ContentId } from '@veche/shared/ids'
import { pino } from 'pino'
import { beforeAll, describe, expect, test } from 'vitest'
import { newUser, type TestUser } from '../../test/builders.ts'
import { afterFile } from '../../test/cleanup.ts'
import { newTestApi, type TestApi } from '../../test/harness.ts'
import { outcomeOf } from '../../test/outcome.ts'
import { SwiftServer } from '../../test/s3/SwiftServer.ts'
import { UploadProgress } from '../uploads/UploadProgress.ts'
import { DiskStorage } from './DiskStorage.ts'
import type { FileStorage } from './FileStorage.ts'
import { S3Storage } from './S3Storage.ts'

let testApi: TestApi
let anna: TestUser
let swift: SwiftServer
let folder: string
beforeAll(async () => {
  testApi = await newTestApi()
  anna = await newUser(testApi.deps)
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
    const id = await begin(open(), bytes.length)
    const ends = [100, 3_000_000, 9_000_000, 9_000_001, 13_000_000]
    let from = 0
    for (const to of ends) {
      const piece = to === ends.at(-1) ? pieces(bytes.subarray(from)) : brokenPieces(bytes.subarray(from, to))
      const written = open().write(await progress(id), piece)
      if (to === ends.at(-1)) expect(await written).toBe(to)
      else await expect(written).rejects.toThrow('the sender is gone')
      expect((await progress(id)).offset).toBe(to)
      from = to
    }
    await open().finish(await progress(id))
    expect(bytes.equals(await buffer(await open().read(id, 'original')))).toBe(true)
    expect(
      bytes
        .subarray(7, 6_000_000)
        .equals(await buffer(await open().read(id, 'original', { start: 7, end: 5_999_999 }))),
    ).toBe(true)
    expect(await open().sizeOf(id, 'original')).toBe(bytes.length)
  })

  test('contents are the same when they are finished twice, as after a kill before that was noted', async () => {
    const id = await keep(open(), Buffer.from('twice'))
    await open().finish(await progress(id))
    await Promise.all([open().finish(await progress(id)), open().finish(await progress(id))])
    expect(String(await buffer(await open().read(id, 'original')))).toBe('twice')
  })

  test('contents may be empty', async () => {
    const id = await begin(open(), 0)
    await open().finish(await progress(id))
    expect(await open().sizeOf(id, 'original')).toBe(0)
    expect(await buffer(await open().read(id, 'original'))).toHaveLength(0)
  })

  test('previews of contents are replaced and removed one by one', async () => {
    const id = await keep(open(), Buffer.from('picture'))
    await open().writeVariant(id, 320, Buffer.from('first'))
    await open().writeVariant(id, 320, Buffer.from('second'))
    await open().writeVariant(id, 1280, Buffer.from('large'))
    expect(String(await buffer(await open().read(id, 320)))).toBe('second')
    await open().removeVariant(id, 320)
    expect(await open().sizeOf(id, 320)).toBeNull()
    expect(await open().sizeOf(id, 1280)).toBe(5)
  })

  test('contents can be read as a local file, and a copy is gone after its use, also after a failure', async () => {
    const id = await keep(open(), Buffer.from('local'))
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
    const whole = await keep(open(), Buffer.from('gone'))
    await open().writeVariant(whole, 320, Buffer.from('gone as well'))
    const half = await begin(open(), 12_000_000)
    await open().write(await progress(half), pieces(randomBytes(6_000_000)))
    await open().write(await progress(half), pieces(randomBytes(1_000)))
    for (const id of [whole, half, whole, half]) await open().remove(id, [320])
    expect([await open().sizeOf(whole, 'original'), await open().sizeOf(whole, 320)]).toEqual([null, null])
    expect(await outcomeOf(open().read(whole, 'original'))).toBe('file.not_found')
    expect(await outcomeOf(open().write(await progress(half), pieces(Buffer.from('late'))))).toBe('file.not_found')
    expect(await open().sizeOf(half, 'original')).toBeNull()
  })

  test('contents that were never there are not found', async () => {
    const id = newId<ContentId>()
    expect(await open().sizeOf(id, 'original')).toBeNull()
    expect(await outcomeOf(open().read(id, 320))).toBe('file.not_found')
  })
})

async function begin(storage: FileStorage, size: number): Promise<ContentId> {
  const id = newId<ContentId>()
  await testApi.deps.db.insertInto('contents').values({ id, owner_id: anna.userId, size }).execute()
  await storage.create(id)
  return id
}

async function progress(id: ContentId): Promise<UploadProgress> {
  return (await UploadProgress.find(testApi.deps, id, anna.userId))!
}

async function keep(storage: FileStorage, bytes: Buffer): Promise<ContentId> {
  const id = await begin(storage, bytes.length)
  await storage.write(await progress(id), pieces(bytes))
  await storage.finish(await progress(id))
  return id
}

async function* pieces(bytes: Buffer) {
  for (let at = 0; at < bytes.length; at += 65_536) yield bytes.subarray(at, at + 65_536)
}

async function* brokenPieces(bytes: Buffer) {
  yield* pieces(bytes)
  throw new Error('the sender is gone')
}
