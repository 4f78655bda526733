import { createHash, randomBytes } from 'node:crypto'
import { newId, type ContentId } from '@veche/shared/ids'
import sharp from 'sharp'
import { beforeAll, describe, expect, test, vi } from 'vitest'
import { AppError } from '../../errors.ts'
import { tryRow } from '../../platform/work/due-tables.ts'
import { newGroup, newUser, type TestUser } from '../../test/builders.ts'
import { newContent, sendFile, urlOf } from '../../test/files.ts'
import { callerFor, newTestApi, type TestApi } from '../../test/harness.ts'
import { startHttp } from '../../test/http/requests.ts'
import { contentIdOf, errorOf, Uploader } from '../../test/http/uploads.ts'
import { outcomeOf } from '../../test/outcome.ts'
import { previewTable } from '../previews/preview-table.ts'
import { deleteUnheldContents } from '../unheld-contents.ts'

const mega = 1_000_000
let testApi: TestApi
let base: string
let anna: TestUser
let boris: TestUser
beforeAll(async () => {
  testApi = await newTestApi({ FILE_MAX_BYTES: String(20 * mega), PERSON_MAX_BYTES: String(40 * mega) })
  base = await startHttp(testApi.deps)
  ;[anna, boris] = [await newUser(testApi.deps), await newUser(testApi.deps)]
})

const from = (who: TestUser) => new Uploader(base, testApi.deps, who)

describe('an upload', () => {
  test('an upload goes on after a break from what was flushed, and its bytes arrive as they were', async () => {
    const bytes = randomBytes(9 * mega)
    const path = await from(anna).begin(bytes.length)
    expect((await from(anna).piece(path, 0, bytes.subarray(0, 4 * mega))).status).toBe(204)
    expect(await from(anna).offsetOf(path)).toBe(4 * mega)
    expect((await from(anna).piece(path, 4 * mega, bytes.subarray(4 * mega))).status).toBe(204)
    const chatId = await newGroup(testApi.deps, [anna, boris])
    const message = await sendFile(testApi.deps, anna, chatId, contentIdOf(path))
    const answer = await from(boris).ask('GET', urlOf(message))
    const hash = (data: Uint8Array) => createHash('sha256').update(data).digest('hex')
    expect(hash(new Uint8Array(await answer.arrayBuffer()))).toBe(hash(bytes))
    expect(answer.headers.get('etag')).toBe(`"${hash(bytes)}"`)
  })

  test('a piece that comes twice, too early or beyond the end is refused and changes nothing', async () => {
    const path = await from(anna).begin(100)
    expect((await from(anna).piece(path, 0, randomBytes(60))).status).toBe(204)
    expect((await from(anna).piece(path, 0, randomBytes(60))).status).toBe(409)
    expect((await from(anna).piece(path, 80, randomBytes(20))).status).toBe(409)
    expect((await from(anna).piece(path, 60, randomBytes(41))).status).toBe(413)
    expect(await from(anna).offsetOf(path)).toBe(60)
    expect((await from(anna).piece(path, 60, randomBytes(40))).status).toBe(204)
    expect((await from(anna).piece(path, 100, randomBytes(1))).status).toBe(413)
  })

  test('an upload is unknown to everybody but the person who began it, who is answered about the one in the path', async () => {
    const path = await from(anna).begin(100)
    const other = await from(anna).begin(50)
    expect((await from(anna).ask('HEAD', `${path}?x=/${contentIdOf(other)}`)).headers.get('upload-length')).toBe('100')
    const read = vi.spyOn(testApi.deps.fileStorage, 'read')
    const chatId = await newGroup(testApi.deps, [anna, boris])
    expect(await outcomeOf(sendFile(testApi.deps, boris, chatId, contentIdOf(path)))).toBe('file.not_found')
    expect(read).not.toHaveBeenCalled()
    read.mockRestore()
    const answers = [
      from(boris).ask('HEAD', path),
      from(boris).piece(path, 0, randomBytes(10)),
      from(boris).ask('DELETE', path),
    ]
    expect((await Promise.all(answers)).map(({ status }) => status)).toEqual([404, 404, 404])
    expect(await from(anna).offsetOf(path)).toBe(0)
  })

  test('a file that is too large and one that no room is left for are refused, also when two come at once', async () => {
    const olga = await newUser(testApi.deps)
    expect((await errorOf(await from(olga).create(20 * mega + 1))).code).toBe('file.too_large')
    await from(olga).begin(15 * mega)
    const both = await Promise.all([from(olga).create(15 * mega), from(olga).create(15 * mega)])
    expect(both.map(({ status }) => status).sort()).toEqual([201, 422])
    expect((await errorOf(both.find(({ status }) => status === 422)!)).code).toBe('file.quota_full')
  })

  test('an upload that is taken back is gone, but not when a message holds it', async () => {
    const path = await from(anna).begin(100)
    expect((await from(anna).ask('DELETE', path)).status).toBe(204)
    expect((await from(anna).ask('HEAD', path)).status).toBe(404)
    const chatId = await newGroup(testApi.deps, [anna, boris])
    const contentId = await from(anna).upload(randomBytes(10))
    const message = await sendFile(testApi.deps, anna, chatId, contentId)
    expect((await from(anna).ask('DELETE', `/api/files/${contentId}`)).status).toBe(404)
    expect((await from(boris).ask('GET', urlOf(message))).status).toBe(200)
  })

  test('an upload is refused while too little of the disk would be left, and text goes on', async () => {
    const { deps } = testApi
    const usual = deps.fileStorage.space
    deps.fileStorage.space = () => Promise.resolve({ free: 5 * mega, total: 100 * mega })
    const answer = await from(anna).create(mega)
    expect((await errorOf(answer)).code).toBe('file.disk_full')
    const chatId = await newGroup(deps, [anna, boris])
    await callerFor(testApi.deps, anna).messages.send({ chatId, clientId: newId(), body: 'text' })
    deps.fileStorage.space = usual
  })
})

test('an upload that the storage does not take counts for nobody', async () => {
  const { deps } = testApi
  const olga = await newUser(deps)
  const create = vi.spyOn(deps.fileStorage, 'create').mockRejectedValue(new Error('no disk'))
  expect((await from(olga).create(100)).status).toBe(500)
  create.mockRestore()
  const rows = deps.db.selectFrom('contents').select('id').where('owner_id', '=', olga.userId)
  expect(await rows.execute()).toEqual([])
})

test('an upload that fails when all of its piece is here is answered, and goes on from where it was', async () => {
  const { deps } = testApi
  const path = await from(anna).begin(100)
  const write = vi.spyOn(deps.fileStorage, 'write').mockImplementation(async (_, chunks) => {
    for await (const chunk of chunks) void chunk
    throw new AppError('file.disk_full')
  })
  const answer = await from(anna).piece(path, 0, randomBytes(100))
  expect([answer.status, (await errorOf(answer)).code]).toEqual([503, 'file.disk_full'])
  write.mockRestore()
  expect((await from(anna).piece(path, 0, randomBytes(100))).status).toBe(204)
})

describe('bytes that no message holds', () => {
  const sizeOf = (contentId: ContentId) => testApi.deps.fileStorage.sizeOf(contentId, 'original')

  test('bytes are deleted by the sweep once their message is deleted, and not while another message holds them', async () => {
    const chatId = await newGroup(testApi.deps, [anna, boris])
    const contentId = await from(anna).upload(randomBytes(10))
    const [one, other] = [
      await sendFile(testApi.deps, anna, chatId, contentId),
      await sendFile(testApi.deps, anna, chatId, contentId),
    ]
    await callerFor(testApi.deps, anna).messages.delete({ chatId, seq: one.seq })
    await deleteUnheldContents(testApi.deps)
    expect((await from(boris).ask('GET', urlOf(other))).status).toBe(200)
    await callerFor(testApi.deps, anna).messages.delete({ chatId, seq: other.seq })
    await deleteUnheldContents(testApi.deps)
    expect(await sizeOf(contentId)).toBeNull()
    expect((await from(anna).ask('HEAD', `/api/files/${contentId}`)).status).toBe(404)
  })

  test('whoever sends bytes again while the sweep runs has them, or is told that they are gone', async () => {
    const chatId = await newGroup(testApi.deps, [anna, boris])
    const contents = await Promise.all(Array.from({ length: 30 }, () => newContent(testApi.deps, anna)))
    for (const contentId of contents) {
      const { seq } = await sendFile(testApi.deps, anna, chatId, contentId)
      await callerFor(testApi.deps, anna).messages.delete({ chatId, seq })
    }
    const again = contents.map((contentId) => sendFile(testApi.deps, anna, chatId, contentId))
    const sweeps = Array.from({ length: 5 }, () => deleteUnheldContents(testApi.deps))
    const sent = await Promise.allSettled(again)
    await Promise.all(sweeps)
    await deleteUnheldContents(testApi.deps)
    for (const each of sent)
      if (each.status === 'fulfilled') expect((await from(boris).ask('GET', urlOf(each.value))).status).toBe(200)
      else expect(await outcomeOf(Promise.reject(each.reason as Error))).toBe('file.not_found')
  })

  test('an upload that is taken back leaves nothing on the disk, in whatever letters its address comes, also when it has previews', async () => {
    const bytes = await sharp({ create: { width: 40, height: 30, channels: 3, background: '#28a' } })
      .png()
      .toBuffer()
    const contentId = await from(anna).upload(bytes)
    await tryRow(testApi.deps, previewTable, contentId)
    const sizes = () =>
      Promise.all((['original', 320, 1280] as const).map((one) => testApi.deps.fileStorage.sizeOf(contentId, one)))
    expect(await sizes()).toEqual([bytes.length, expect.any(Number), expect.any(Number)])
    expect((await from(anna).ask('DELETE', `/api/files/${contentId.toUpperCase()}`)).status).toBe(204)
    expect(await sizes()).toEqual([null, null, null])
  })

  test('a preview that is made while its upload is taken back leaves nothing either', async () => {
    const bytes = await sharp({ create: { width: 40, height: 30, channels: 3, background: '#28a' } })
      .png()
      .toBuffer()
    const contentId = await from(anna).upload(bytes)
    const { pictureMaker } = testApi.deps
    const make = pictureMaker.make.bind(pictureMaker)
    pictureMaker.make = async (path) => {
      const picture = await make(path)
      await from(anna).ask('DELETE', `/api/files/${contentId}`)
      return picture
    }
    await tryRow(testApi.deps, previewTable, contentId)
    pictureMaker.make = make
    expect(await testApi.deps.fileStorage.sizeOf(contentId, 320)).toBeNull()
  })

  test('an upload that nobody has sent waits a day', async () => {
    const { deps, passTime } = await newTestApi()
    const contentId = await newContent(deps, await newUser(deps))
    const isThere = async () => (await deps.fileStorage.sizeOf(contentId, 'original')) !== null
    for (const [hours, expected] of [
      [23, true],
      [2, false],
    ] as const) {
      await passTime(hours * 3_600_000)
      await deleteUnheldContents(deps)
      expect(await isThere()).toBe(expected)
    }
  })
})
