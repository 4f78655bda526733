import { readdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { ContentId } from '@veche/shared/ids'
import sharp from 'sharp'
import { beforeAll, expect, onTestFinished, test } from 'vitest'
import { newGroup, newUser, type TestUser } from '../test/builders.ts'
import { newContent, sendFile, pathOnDisk } from '../test/files.ts'
import { callerFor, newTestApi, type TestApi } from '../test/harness.ts'
import { waitBounds } from '../test/waiting.ts'
import { startWorker, usualTimes, type WorkerTimes } from '../worker.ts'

let testApi: TestApi
let anna: TestUser
beforeAll(async () => {
  testApi = await newTestApi()
  anna = await newUser(testApi.deps)
})

function working(times: Partial<WorkerTimes> = {}): void {
  const never = 3_600_000
  onTestFinished(startWorker([testApi.deps], { sweepMs: never, retentionMs: never, meetingsMs: never, ...times }))
}

const newPicture = () =>
  sharp({ create: { width: 400, height: 300, channels: 3, background: '#28a' } })
    .png()
    .toBuffer()

/** What is on the disk of a content: the original, its previews, and whatever else was made of it. */
async function filesOf(id: ContentId): Promise<string[]> {
  const names = await readdir(dirname(pathOnDisk(testApi.deps, id)))
  return names.filter((name) => name.startsWith(id)).map((name) => name.slice(id.length))
}

test('within a minute after a message was deleted for everybody, nothing of its file is on the disk, neither the original nor what was made of it', async () => {
  expect(usualTimes.sweepMs).toBeLessThanOrEqual(30_000)
  const chatId = await newGroup(testApi.deps, [anna])
  const id = await newContent(testApi.deps, anna, await newPicture())
  const { seq } = await sendFile(testApi.deps, anna, chatId, id)
  working({ sweepMs: 100 })
  await expect.poll(async () => (await filesOf(id)).sort(), waitBounds).toEqual(['', '.1280', '.320'])
  await callerFor(testApi.deps, anna).messages.delete({ chatId, seq })
  await expect.poll(() => filesOf(id), waitBounds).toEqual([])
  // The row goes after the bytes.
  const rows = () => testApi.deps.db.selectFrom('contents').select('id').where('id', '=', id).execute()
  await expect.poll(rows, waitBounds).toEqual([])
})

test('when Redis is wiped right after an upload, the preview comes with the next sweep, within a minute', async () => {
  expect(usualTimes.sweepMs).toBeLessThanOrEqual(30_000)
  const id = await newContent(testApi.deps, anna, await newPicture())
  await expect.poll(() => testApi.deps.redis.keys('*file.preview*'), waitBounds).not.toEqual([])
  // The prefix of this test and the queue, and not what other tests have in the same Redis.
  const own = await testApi.deps.redis.keys(`*${testApi.env.REDIS_PREFIX}*`)
  await testApi.deps.redis.del(...own)
  working({ sweepMs: 100 })
  await expect.poll(async () => (await filesOf(id)).sort(), waitBounds).toEqual(['', '.1280', '.320'])
})
