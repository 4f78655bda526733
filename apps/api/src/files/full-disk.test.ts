import { execFile } from 'node:child_process'
import { randomBytes, createHash } from 'node:crypto'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { promisify } from 'node:util'
import { type ClientId, type ContentId, newId } from '@veche/shared/ids'
import sharp from 'sharp'
import { beforeAll, expect, test } from 'vitest'
import { tryRow } from '../platform/work/due-tables.ts'
import { newGroup, newUser, type TestUser } from '../test/builders.ts'
import { afterFile } from '../test/cleanup.ts'
import { callerFor, newTestApi, type TestApi } from '../test/harness.ts'
import { startHttp } from '../test/http/requests.ts'
import { contentIdOf, errorOf, Uploader } from '../test/http/uploads.ts'
import { outcomeOf } from '../test/outcome.ts'
import { waitBounds } from '../test/waiting.ts'
import { previewFailure } from './previews/failures.ts'
import { previewTable } from './previews/preview-table.ts'
import { LocalCopies } from './storage/LocalCopies.ts'

const run = promisify(execFile)
const mega = 1_000_000
const diskBytes = 20 * mega

/** Only root may mount a disk of its own, and some containers do not let even root. */
const disk = await mountSmallDisk()
const diskTest = test.skipIf(disk === null)

async function mountSmallDisk(): Promise<string | null> {
  const folder = await mkdtemp(join(tmpdir(), 'veche-small-disk-'))
  try {
    await run('mount', ['-t', 'tmpfs', '-o', `size=${diskBytes}`, 'tmpfs', folder])
  } catch (error) {
    console.warn(`The tests of a full disk are skipped, since none can be mounted here: ${String(error)}`)
    await rm(folder, { recursive: true })
    return null
  }
  afterFile(async () => {
    await run('umount', ['--lazy', folder])
    await rm(folder, { recursive: true, force: true })
  })
  return folder
}

let testApi: TestApi
let anna: TestUser
let boris: TestUser
let uploader: Uploader
let base: string
beforeAll(async () => {
  testApi = await newTestApi(disk ? { VECHE_DATA: disk, FILES_DISK_RESERVE_PERCENT: '20' } : {})
  base = await startHttp(testApi.deps)
  ;[anna, boris] = [await newUser(testApi.deps), await newUser(testApi.deps)]
  uploader = new Uploader(base, testApi.deps, anna)
})

const filler = () => join(disk!, 'filler')
const makeRoom = () => rm(filler(), { force: true })

/** Another program takes what is free, but for so many bytes. */
async function fillDisk(leave = 0): Promise<void> {
  await makeRoom()
  const { free } = (await testApi.deps.fileStorage.space())!
  await writeFile(filler(), Buffer.alloc(free - leave))
}

const sizeOf = (id: ContentId, variant: 'original' | 320 = 'original') => testApi.deps.fileStorage.sizeOf(id, variant)

async function send(contentId: ContentId) {
  const chatId = await newGroup(testApi.deps, [anna, boris])
  const files = [{ contentId, name: 'a.bin' }]
  const given = { chatId, clientId: newId<ClientId>(), body: '', files }
  return (await callerFor(testApi.deps, anna).files.send(given)).message.files![0]!
}

diskTest(
  'when only the reserve is left, uploads stop with a code of their own, text goes on, and uploads go on once there is room',
  async () => {
    await fillDisk(5 * mega)
    const path = await uploader.begin(mega / 2)
    const refused = await uploader.create(2 * mega)
    expect([refused.status, await errorOf(refused)]).toEqual([503, { code: 'file.disk_full', retryAfterSeconds: 30 }])
    await fillDisk(2 * mega)
    const piece = await uploader.piece(path, 0, randomBytes(mega / 2))
    expect([piece.status, await errorOf(piece)]).toEqual([503, { code: 'file.disk_full', retryAfterSeconds: 30 }])
    const chatId = await newGroup(testApi.deps, [anna, boris])
    expect(
      await outcomeOf(
        callerFor(testApi.deps, anna).messages.send({ chatId, clientId: newId<ClientId>(), body: 'text' }),
      ),
    ).toBe('ok')
    await makeRoom()
    expect((await uploader.piece(path, 0, randomBytes(mega / 2))).status).toBe(204)
    await send(contentIdOf(path))
  },
)

diskTest(
  'a disk that becomes full in the middle of a piece keeps what was flushed, nobody sees half a file, and it arrives whole later',
  async () => {
    const bytes = randomBytes(4 * mega)
    const path = await uploader.begin(bytes.length)
    const piece = uploader.openPiece(path, 0)
    piece.send(bytes.subarray(0, mega))
    await expect.poll(() => sizeOf(contentIdOf(path)), waitBounds).toBe(mega)
    await fillDisk(mega / 2)
    piece.send(bytes.subarray(mega))
    piece.end()
    expect(await piece.status).toBe(503)
    const kept = await uploader.offsetOf(path)
    expect(kept).toBeGreaterThanOrEqual(mega)
    expect(kept).toBeLessThan(bytes.length)
    expect(await outcomeOf(send(contentIdOf(path)))).toBe('file.incomplete')
    await makeRoom()
    expect((await uploader.piece(path, kept, bytes.subarray(kept))).status).toBe(204)
    const file = await send(contentIdOf(path))
    const answer = await new Uploader(base, testApi.deps, boris).ask('GET', `/api/files/${file.id}`)
    const sha256 = (data: Uint8Array) => createHash('sha256').update(data).digest('hex')
    expect(sha256(new Uint8Array(await answer.arrayBuffer()))).toBe(sha256(bytes))
  },
)

diskTest(
  'a preview that finds no room leaves nothing behind, is tried again for as long as it takes, and is made once there is room',
  async () => {
    const picture = sharp({
      create: {
        width: 900,
        height: 900,
        channels: 3,
        noise: { type: 'gaussian', mean: 128, sigma: 60 },
        background: '#000',
      },
    })
    const id = await uploader.upload(await picture.png().toBuffer())
    await send(id)
    await fillDisk()
    for (let tries = 0; tries < 5; tries += 1) {
      await tryRow(testApi.deps, previewTable, id)
      await testApi.passTime(31_000)
    }
    expect(await previewOf(id)).toMatchObject({ state: 'due', attempts: 0 })
    expect((await readdir(join(disk!, 'files', id.slice(-2)))).filter((name) => name.startsWith(id))).toEqual([id])
    await makeRoom()
    await tryRow(testApi.deps, previewTable, id)
    expect(await previewOf(id)).toMatchObject({ state: 'done' })
    expect(await sizeOf(id, 320)).toBeGreaterThan(0)
  },
)

function previewOf(id: ContentId) {
  return testApi.deps.db.selectFrom('previews').selectAll().where('id', '=', id).executeTakeFirstOrThrow()
}

diskTest('a copy of a content of S3 for which the local disk has no room is no fault of the file', async () => {
  const large = Readable.from(Array.from({ length: 30 }, () => Buffer.alloc(mega)))
  const bucket = { sizeOf: async () => 30 * mega, read: async () => large }
  const copies = new LocalCopies(bucket, { folder: join(disk!, 'copies'), maxBytes: 40 * mega })
  const failure = await copies.use(newId<ContentId>(), async () => undefined).catch(previewFailure)
  expect(failure).toEqual({ kind: 'other', answer: 'file.disk_full', isTemporary: true, waitMs: 30_000 })
  expect(await readdir(join(disk!, 'copies'))).toEqual([])
})

test('a folder of the worker for which there is no room is no fault of the file', () => {
  const error = Object.assign(new Error('no space left on device, mkdir'), { code: 'ENOSPC' })
  expect(previewFailure(error)).toMatchObject({ answer: 'file.disk_full', isTemporary: true, waitMs: 30_000 })
})
