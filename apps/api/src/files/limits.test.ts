import { newId, type ContentId } from '@veche/shared/ids'
import { limits } from '@veche/shared/limits'
import { expect, test } from 'vitest'
import { newSession, newUser, newUsers } from '../test/builders.ts'
import { newContent } from '../test/files.ts'
import { callerFor, newTestApi, type TestApi } from '../test/harness.ts'
import { startHttp } from '../test/http/requests.ts'
import { errorOf, Uploader } from '../test/http/uploads.ts'
import { deleteUnheldContents } from './unheld-contents.ts'
import { UseWatch } from './UseWatch.ts'

async function newUploader(testApi: TestApi, base: string) {
  const who = await newUser(testApi.deps)
  return { who, uploader: new Uploader(base, testApi.deps, who) }
}

function hasSpace(testApi: TestApi, space: { free: number; total: number }) {
  testApi.deps.fileStorage.space = () => Promise.resolve(space)
}

test('each limit refuses with a code of its own, and says how large the limit is and how much of it is taken', async () => {
  const testApi = await newTestApi({
    FILE_MAX_BYTES: '1000',
    PERSON_MAX_BYTES: '1500',
    FILES_MAX_BYTES: '2000',
    FILES_DISK_RESERVE_PERCENT: '10',
  })
  const base = await startHttp(testApi.deps)
  hasSpace(testApi, { free: 9_000, total: 10_000 })
  const { uploader: anna, who } = await newUploader(testApi, base)
  expect(await errorOf(await anna.create(1001))).toEqual({ code: 'file.too_large', bytes: { used: 0, max: 1000 } })
  await anna.begin(900)
  expect(await errorOf(await anna.create(601))).toEqual({ code: 'file.quota_full', bytes: { used: 900, max: 1500 } })
  await anna.begin(600)
  const { uploader: boris } = await newUploader(testApi, base)
  expect(await errorOf(await boris.create(501))).toEqual({
    code: 'file.storage_full',
    bytes: { used: 1500, max: 2000 },
  })
  hasSpace(testApi, { free: 1_400, total: 10_000 })
  expect(await errorOf(await boris.create(401))).toEqual({ code: 'file.disk_full', retryAfterSeconds: 30 })
  await boris.begin(400)
  expect(await callerFor(testApi.deps, who).files.use()).toEqual({
    usedBytes: 1500,
    maxBytes: 1500,
    fileMaxBytes: 1000,
  })
})

test('all files together take no more than their share of the disk', async () => {
  const testApi = await newTestApi({ FILES_DISK_SHARE_PERCENT: '10', FILES_MAX_BYTES: '5000' })
  const base = await startHttp(testApi.deps)
  hasSpace(testApi, { free: 9_000, total: 10_000 })
  const { uploader } = await newUploader(testApi, base)
  await uploader.begin(1000)
  expect(await errorOf(await uploader.create(1))).toEqual({
    code: 'file.storage_full',
    bytes: { used: 1000, max: 1000 },
  })
})

test('two people who upload at once, each to a process of its own, do not pass the limit of all files together', async () => {
  const testApi = await newTestApi({ FILES_MAX_BYTES: '1000' })
  const bases = [await startHttp(testApi.deps), await startHttp(testApi.anotherProcess())]
  const people = await newUsers(
    testApi.deps,
    Array.from({ length: 6 }, () => ({})),
  )
  const answers = await Promise.all(
    people.map((who, index) => new Uploader(bases[index % 2]!, testApi.deps, who).create(400)),
  )
  expect(answers.map(({ status }) => status).sort()).toEqual([201, 201, 503, 503, 503, 503])
})

test('one person who uploads many files at once to two processes does not pass their own limit', async () => {
  const testApi = await newTestApi({ PERSON_MAX_BYTES: '1000' })
  const bases = [await startHttp(testApi.deps), await startHttp(testApi.anotherProcess())]
  const who = await newUser(testApi.deps)
  const uploaders = bases.map((base) => new Uploader(base, testApi.deps, who))
  const answers = await Promise.all(Array.from({ length: 10 }, (_, index) => uploaders[index % 2]!.create(300)))
  expect(answers.filter(({ status }) => status === 201)).toHaveLength(3)
  expect((await callerFor(testApi.deps, who).files.use()).usedBytes).toBe(900)
})

test('a person may have a thousand uploads that no message holds, files without bytes too, and more once these are gone', async () => {
  const testApi = await newTestApi()
  const base = await startHttp(testApi.deps)
  const { uploader, who } = await newUploader(testApi, base)
  const rows = Array.from({ length: limits.file.unsent - 1 }, () => {
    return { id: newId<ContentId>(), owner_id: who.userId, size: 0 }
  })
  await testApi.deps.db.insertInto('contents').values(rows).execute()
  const path = await uploader.begin(0)
  expect(await errorOf(await uploader.create(0))).toEqual({ code: 'file.too_many_unsent' })
  expect((await uploader.ask('DELETE', path)).status).toBe(204)
  await uploader.begin(0)
  await testApi.passTime(25 * 3_600_000)
  await deleteUnheldContents(testApi.deps)
  const again = { ...who, ...(await newSession(testApi.deps, who.userId)) }
  await new Uploader(base, testApi.deps, again).begin(0)
})

test('an upload of which nothing has come within an hour takes no room any more, and one that has begun keeps its room for a day', async () => {
  const testApi = await newTestApi({ PERSON_MAX_BYTES: '1000' })
  const base = await startHttp(testApi.deps)
  const { uploader, who } = await newUploader(testApi, base)
  const begun = await uploader.begin(400)
  expect((await uploader.piece(begun, 0, Buffer.alloc(1))).status).toBe(204)
  await uploader.begin(600)
  await testApi.passTime(61 * 60_000)
  await deleteUnheldContents(testApi.deps)
  expect((await callerFor(testApi.deps, who).files.use()).usedBytes).toBe(400)
})

test('what is deleted counts no more', async () => {
  const testApi = await newTestApi({ PERSON_MAX_BYTES: '1000' })
  const base = await startHttp(testApi.deps)
  const { uploader, who } = await newUploader(testApi, base)
  const path = await uploader.begin(1000)
  expect((await uploader.create(1)).status).toBe(422)
  expect((await uploader.ask('DELETE', path)).status).toBe(204)
  expect((await callerFor(testApi.deps, who).files.use()).usedBytes).toBe(0)
  await uploader.begin(1000)
})

test('the log says once that files fill the room that they have, and the metrics say how much', async () => {
  const testApi = await newTestApi({ FILES_MAX_BYTES: '100' })
  const { deps } = testApi
  const told: unknown[] = []
  const watch = new UseWatch({
    ...deps,
    log: { ...deps.log, warn: (...given: unknown[]) => void told.push(given) } as never,
  })
  hasSpace(testApi, { free: 500, total: 1000 })
  await newContent(deps, await newUser(deps), Buffer.alloc(79))
  await watch.look()
  expect(told).toEqual([])
  await newContent(deps, await newUser(deps), Buffer.alloc(1))
  await watch.look()
  await watch.look()
  expect(told).toEqual([[{ used: 80, max: 100 }, expect.stringMatching(/80 %/)]])
  hasSpace(testApi, { free: 100, total: 1000 })
  await watch.look()
  expect(told).toHaveLength(2)
  const metrics = await deps.metrics.registry.metrics()
  expect(metrics).toMatch(/^veche_files_bytes 80$/m)
  expect(metrics).toMatch(/^veche_files 2$/m)
  expect(metrics).toMatch(/^veche_files_max_bytes 100$/m)
  expect(metrics).toMatch(/^veche_files_disk_free_bytes 100$/m)
})
