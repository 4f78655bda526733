import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { newId, type ContentId } from '@veche/shared/ids'
import { pino } from 'pino'
import { beforeAll, describe, expect, test } from 'vitest'
import { afterFile } from '../../test/cleanup.ts'
import { newTestApi, type TestApi } from '../../test/harness.ts'
import { outcomeOf } from '../../test/outcome.ts'
import { SwiftServer } from '../../test/s3/SwiftServer.ts'
import { piecesOf, StorageUploads } from '../../test/storage-uploads.ts'
import { removeUploadLeftovers } from '../unheld-contents.ts'
import { UploadMovedOn } from '../uploads/UploadProgress.ts'
import { s3Times } from './S3Client.ts'
import { S3Storage, type S3StorageOptions } from './S3Storage.ts'

const dayMs = 86_400_000
let testApi: TestApi
let uploads: StorageUploads
let swift: SwiftServer
let folder: string
beforeAll(async () => {
  testApi = await newTestApi()
  uploads = await StorageUploads.of(testApi.deps)
  swift = await SwiftServer.start()
  folder = await mkdtemp(join(tmpdir(), 'veche-storage-'))
})

const log = pino({ level: 'silent' })
/** On a slow machine an answer of a healthy server takes long. */
const patientTimes = { connectMs: 60_000, answerMs: 120_000, longAnswerMs: 120_000, silenceMs: 120_000 }

function newStorage(options: Partial<S3StorageOptions> = {}): S3Storage {
  const storage = new S3Storage({ settings: swift.settings(), folder, log, times: patientTimes, ...options })
  afterFile(() => storage.close())
  return storage
}

const begin = (size: number) => uploads.begin(newStorage(), size)
const keep = (bytes: Buffer) => uploads.keep(newStorage(), bytes)
const progress = (id: ContentId) => uploads.progress(id)

describe('two processes', () => {
  test('a piece that comes too late, after another process has taken its place, changes nothing', async () => {
    const id = await begin(12_000_000)
    const [first, second] = [randomBytes(6_000_000), randomBytes(6_000_000)]
    const late = Promise.withResolvers<void>()
    const lateStarted = Promise.withResolvers<void>()
    async function* latePieces() {
      lateStarted.resolve()
      await late.promise
      yield randomBytes(6_000_000)
    }
    const writtenLate = newStorage().write(await progress(id), latePieces())
    await lateStarted.promise
    await uploads.write(newStorage(), id, first)
    late.resolve()
    await expect(writtenLate).rejects.toThrow(UploadMovedOn)
    await uploads.write(newStorage(), id, second)
    await uploads.finish(newStorage(), id)
    expect(Buffer.concat([first, second]).equals(await buffer(await newStorage().read(id, 'original')))).toBe(true)
  })

  test('processes that begin at the same time send to one multipart upload, and the other is given up', async () => {
    const id = await begin(100)
    const [one, other] = [await progress(id), await progress(id)]
    await Promise.allSettled([one, other].map((upload) => newStorage().write(upload, piecesOf(randomBytes(60)))))
    expect((await swift.keys(id)).uploads).toHaveLength(1)
    expect((await swift.keys(`tails/${id}`)).objects).toHaveLength(1)
  })

  test('what killed processes have left is removed after a day, and what uploads hold stays', async () => {
    const { deps } = testApi
    const [held, gone] = [await begin(100), await begin(100)]
    const storage = newStorage({ clock: { now: () => Date.now() + 2 * dayMs } })
    for (const id of [held, gone]) await uploads.write(storage, id, randomBytes(60))
    await deps.db.deleteFrom('contents').where('id', '=', gone).execute()
    const left = async (id: ContentId) => [
      (await swift.keys(id)).uploads.length,
      (await swift.keys(`tails/${id}`)).objects.length,
    ]
    await removeUploadLeftovers({ ...deps, fileStorage: newStorage() })
    expect([await left(held), await left(gone)]).toEqual([
      [1, 1],
      [1, 1],
    ])
    await removeUploadLeftovers({ ...deps, fileStorage: storage })
    expect([await left(held), await left(gone)]).toEqual([
      [1, 1],
      [0, 0],
    ])
  })

  test('installations with prefixes of their own in one bucket see nothing of each other', async () => {
    const id = await keep(Buffer.from('mine'))
    const other = newStorage({ settings: swift.settings('other/') })
    expect(await other.sizeOf(id, 'original')).toBeNull()
    await other.remove(id, [320])
    await other.removeLeftovers(async () => false)
    expect(await newStorage().sizeOf(id, 'original')).toBe(4)
  })
})

describe('an S3 server that is away', () => {
  const calls = (storage: S3Storage, id: ContentId): Promise<unknown>[] => [
    storage.read(id, 'original'),
    storage.sizeOf(id, 'original'),
    storage.writeVariant(id, 320, Buffer.from('preview')),
    storage.withLocalCopy(id, async () => undefined),
    storage.remove(id, [320]),
  ]
  const outcomes = async (storage: S3Storage, id: ContentId) => [
    ...new Set(await Promise.all(calls(storage, id).map((call) => outcomeOf(call)))),
  ]

  test.each([
    ['refuses connections', () => swift.die(), () => swift.comeBack()],
    ['answers 503', async () => swift.takeDisk(), async () => swift.giveDiskBack()],
    ['takes connections and answers nothing', async () => swift.freeze(), async () => swift.thaw()],
  ])(
    'while S3 %s everything fails with a word that it is temporary, and goes on when S3 is back',
    async (_, leave, comeBack) => {
      const storage = newStorage({ times: { ...s3Times, answerMs: 2_000, longAnswerMs: 2_000 } })
      const id = await keep(Buffer.from('kept'))
      const half = await begin(100)
      await uploads.write(newStorage(), half, randomBytes(60))
      await leave()
      expect(await outcomes(storage, id)).toEqual(['file.unavailable'])
      let asked = false
      async function* unwanted() {
        asked = true
        yield randomBytes(40)
      }
      expect(await outcomeOf(storage.write(await progress(half), unwanted()))).toBe('file.unavailable')
      // Its sender need not send in vain.
      expect(asked).toBe(false)
      expect((await progress(half)).offset).toBe(60)
      await comeBack()
      // It has little patience in this test, and the machine may be slow.
      await expect.poll(() => storage.sizeOf(id, 'original').catch(() => null)).toBe(4)
      await uploads.write(newStorage(), half, randomBytes(40))
      await uploads.finish(newStorage(), half)
      expect(await newStorage().sizeOf(half, 'original')).toBe(100)
    },
  )

  test('a download that S3 breaks off fails with a word that it is temporary', async () => {
    const id = await keep(randomBytes(12_000_000))
    const body = await newStorage().read(id, 'original')
    await once(body, 'readable')
    await swift.die()
    expect(await outcomeOf(buffer(body))).toBe('file.unavailable')
    await swift.comeBack()
    expect(await buffer(await newStorage().read(id, 'original'))).toHaveLength(12_000_000)
  })

  test('keys that S3 does not take look like an S3 that is away, and not like files that are gone', async () => {
    const id = await keep(Buffer.from('kept'))
    const storage = newStorage({ settings: { ...swift.settings(), secretKey: 'wrong' } })
    expect(await outcomes(storage, id)).toEqual(['file.unavailable'])
    expect(await newStorage().sizeOf(id, 'original')).toBe(4)
  })

  test('a bucket that is not there looks like an S3 that is away when something is kept or read', async () => {
    const storage = newStorage({ settings: { ...swift.settings(), bucket: 'missing' } })
    expect(await outcomeOf(storage.read(newId<ContentId>(), 'original'))).toBe('file.unavailable')
    expect(await outcomeOf(storage.writeVariant(newId<ContentId>(), 320, Buffer.from('x')))).toBe('file.unavailable')
  })
})

test('a copy that is larger than its bound is not made', async () => {
  const id = await keep(randomBytes(1_000))
  expect(await outcomeOf(newStorage({ maxCopyBytes: 999 }).withLocalCopy(id, async () => undefined))).toBe(
    'file.too_large',
  )
})

describe('a signed address', () => {
  const disposition = `attachment; filename="a b.txt"; filename*=UTF-8''%D0%BC%D0%B0%D0%B9%20%2B.txt`
  const sign = (id: ContentId, now = Date.now()) =>
    newStorage().signedUrl({ id, variant: 'original', mime: 'text/plain', disposition }, now)

  test('a signed address of S3 opens without keys under the type and the name that it was signed with, also in part', async () => {
    const url = await sign(await keep(Buffer.from('0123456789')))
    const answer = await fetch(url)
    expect([answer.status, await answer.text()]).toEqual([200, '0123456789'])
    expect(answer.headers.get('content-type')).toBe('text/plain')
    expect(answer.headers.get('content-disposition')).toBe(disposition)
    const part = await fetch(url, { headers: { range: 'bytes=2-4' } })
    expect([part.status, await part.text()]).toEqual([206, '234'])
  })

  test('a signed address of S3 that is old, altered, or of another file is refused', async () => {
    const [id, other] = [await keep(Buffer.from('mine')), await keep(Buffer.from('other'))]
    const url = await sign(id)
    const old = await sign(id, Date.now() - 120_000)
    const altered = [
      old,
      url.replace('text%2Fplain', 'text%2Fhtml'),
      url.replace(id, other),
      url.replace(id, `${id}.320`),
    ]
    const statuses = await Promise.all(altered.map(async (one) => (await fetch(one)).status))
    expect(statuses).toEqual([403, 403, 403, 403])
  })

  test('those who ask within half a minute get the same address, so that it can be cached', async () => {
    const id = newId<ContentId>()
    const start = 1_000_000 * 30_000
    expect(await sign(id, start)).toBe(await sign(id, start + 29_000))
    expect(await sign(id, start)).not.toBe(await sign(id, start + 31_000))
  })
})
