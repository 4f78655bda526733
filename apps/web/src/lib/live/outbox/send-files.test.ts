import 'fake-indexeddb/auto'
import { IDBFactory } from 'fake-indexeddb'
import type { ContentId } from '@veche/shared/ids'
import { beforeEach, expect, test } from 'vitest'
import { AppError } from '../../api/error.ts'
import { newEngineTest } from '../../test/engine-test.ts'
import type { TestTab, TestTabOptions } from '../../test/TestTab.ts'
import type { NewUpload } from '../connection/live-api.ts'
import { addFiles, setUploadPaused } from './send-files.ts'
import { uploadWait } from './upload-waits.ts'

let { environment, server, me, chat, openTab, textsOnServer } = newEngineTest()
beforeEach(() => void ({ environment, server, me, chat, openTab, textsOnServer } = newEngineTest()))

const film = { name: 'film.mp4', bytes: new Blob(['a film'], { type: 'video/mp4' }) }
const filesOnServer = () => server.visible(chat, me).flatMap(({ files = [] }) => files.map(({ name }) => name))
const attachments = (tab: TestTab) => tab.store.read((tx) => tx.all('attachments'), ['attachments'])
const uploading = (upload: (given: NewUpload) => Promise<ContentId>): TestTabOptions => ({
  wrapApi: (api) => ({ ...api, upload }),
})

test('files that were attached without a network are sent as one message when it is back, and leave the device then', async () => {
  const tab = await openTab()
  environment.setOnline(false)
  await addFiles(tab.live.outbox, chat, 'two of them', [film, { ...film, name: 'other.mp4' }])
  expect([await attachments(tab), await tab.live.outbox.countMessages()]).toEqual([
    expect.objectContaining({ length: 2 }),
    1,
  ])
  environment.setOnline(true)
  await environment.until('they are sent', () => filesOnServer().length === 2)
  expect(server.visible(chat, me).at(-1)).toMatchObject({ kind: 'file', body: 'two of them' })
  await environment.until('their bytes are dropped', async () => (await attachments(tab)).length === 0)
})

test('an upload that breaks off goes on at its address, in the next tab too, and its message is sent once', async () => {
  const parts = { indexedDB: new IDBFactory() }
  const urls: (string | null)[] = []
  const hangs = new Promise<never>(() => undefined)
  let breaks = 2
  const first = await openTab({
    environment: parts,
    ...uploading(async ({ url, onUrl }) => {
      urls.push(url)
      onUrl('the address')
      if (breaks-- > 0) throw new AppError('network.unreachable')
      return await hangs
    }),
  })
  await addFiles(first.live.outbox, chat, '', [film])
  await environment.until('the third attempt hangs', () => urls.length === 3)
  first.kill()
  const next = await openTab({
    environment: parts,
    wrapApi: (api) => ({ ...api, upload: async (given) => (urls.push(given.url), await api.upload(given)) }),
  })
  await environment.until('it is sent', () => filesOnServer().length === 1)
  expect(urls).toEqual([null, 'the address', 'the address', 'the address'])
  expect(await next.live.outbox.countMessages()).toBe(0)
})

test('a text that was written after a file does not wait for it', async () => {
  const tab = await openTab(uploading(() => new Promise<never>(() => undefined)))
  await addFiles(tab.live.outbox, chat, 'slow', [film])
  await tab.live.outbox.addMessage(chat, 'quick')
  await environment.until('the text is sent', () => textsOnServer(chat).includes('quick'))
  expect(filesOnServer()).toEqual([])
})

test('a message of files that is taken back stops its upload, and nothing of it is sent or kept', async () => {
  const signals: AbortSignal[] = []
  const tab = await openTab(
    uploading(({ signal }) => {
      signals.push(signal)
      return new Promise((_, reject) =>
        signal.addEventListener('abort', () => reject(new AppError('network.unreachable'))),
      )
    }),
  )
  const id = await addFiles(tab.live.outbox, chat, '', [film])
  await environment.until('it is being uploaded', () => signals.length === 1)
  await tab.live.outbox.cancel(id)
  await environment.until('it has stopped', () => signals[0]!.aborted)
  await environment.pass(60_000)
  expect([signals.length, filesOnServer(), await attachments(tab), await tab.live.outbox.countMessages()]).toEqual([
    1,
    [],
    [],
    0,
  ])
})

test('an upload that is paused stops, is not begun by the next tab, and goes on at its address when the person says so', async () => {
  const parts = { indexedDB: new IDBFactory() }
  const uploads: { url: string | null; signal: AbortSignal }[] = []
  const first = await openTab({
    environment: parts,
    ...uploading(({ url, onUrl, signal }) => {
      uploads.push({ url, signal })
      onUrl('the address')
      return new Promise((_, reject) =>
        signal.addEventListener('abort', () => reject(new AppError('network.unreachable'))),
      )
    }),
  })
  const id = await addFiles(first.live.outbox, chat, '', [film])
  await environment.until('its address is kept', async () => {
    const command = await first.store.read((tx) => tx.get('outbox', id), ['outbox'])
    return Object.keys(command?.uploadUrls ?? {}).length === 1
  })
  await setUploadPaused(first.store, id, true)
  await environment.until('it has stopped', () => uploads[0]!.signal.aborted)
  first.kill()
  const next = await openTab({
    environment: parts,
    wrapApi: (api) => ({
      ...api,
      upload: async (given) => (uploads.push(given), await api.upload(given)),
    }),
  })
  await environment.pass(60_000)
  expect([uploads.length, await next.live.outbox.countMessages()]).toEqual([1, 1])
  await setUploadPaused(next.store, id, false)
  await environment.until('it is sent', () => filesOnServer().length === 1)
  expect(uploads.map(({ url }) => url)).toEqual([null, 'the address'])
})

test('a message of files that is taken back takes back on the server what has arrived of it', async () => {
  const tab = await openTab(
    uploading(({ onUrl, signal }) => {
      onUrl('/api/files/half')
      return new Promise((_, reject) =>
        signal.addEventListener('abort', () => reject(new AppError('network.unreachable'))),
      )
    }),
  )
  const id = await addFiles(tab.live.outbox, chat, '', [film])
  await environment.until('its address is kept', async () => {
    const command = await tab.store.read((tx) => tx.get('outbox', id), ['outbox'])
    return command?.uploadUrls !== undefined
  })
  await tab.live.outbox.cancel(id)
  await environment.until('the server is told', () => server.droppedUploads.length > 0)
  expect(server.droppedUploads).toEqual(['/api/files/half'])
})

test('how far a file has come is told, and a file that the server refuses stays with the reason', async () => {
  let mayEnd = false
  const tab = await openTab(
    uploading(async ({ onProgress }) => {
      onProgress(3)
      if (!mayEnd) throw new AppError('network.unreachable')
      throw new AppError('file.quota_full')
    }),
  )
  const told: (number | undefined)[] = []
  const id = await addFiles(tab.live.outbox, chat, '', [film])
  const attachmentId = (await attachments(tab))[0]!.id
  const note = tab.live.uploadProgress.note.bind(tab.live.uploadProgress)
  tab.live.uploadProgress.note = (...given) => (told.push(given[1]), note(...given))
  mayEnd = true
  await environment.until('it is refused', async () => {
    return (await tab.store.read((tx) => tx.get('outbox', id), ['outbox']))?.refusal === 'file.quota_full'
  })
  expect(told).toContain(3)
  expect(tab.live.uploadProgress.sentBytes(attachmentId)).toBe(3)
  expect(await attachments(tab)).toHaveLength(1)
})

test('when the person is removed from the chat, the bytes of files that were to be sent there leave the device', async () => {
  const tab = await openTab(uploading(() => new Promise<never>(() => undefined)))
  const other = server.newChat([me])
  await addFiles(tab.live.outbox, chat, '', [film])
  await addFiles(tab.live.outbox, other, '', [film])
  expect(await attachments(tab)).toHaveLength(2)
  server.removeMember(chat, me)
  await environment.until('those of the other chat are left', async () => (await attachments(tab)).length === 1)
  expect(await tab.live.outbox.countMessages()).toBe(1)
})

test('bytes that no message needs leave the device at the next start', async () => {
  const parts = { indexedDB: new IDBFactory() }
  const first = await openTab({ environment: parts })
  await first.store.merge(
    async ({ tx }) => tx.put('attachments', { id: 'left over', bytes: new Blob(['x']) }),
    ['attachments'],
  )
  first.kill()
  const next = await openTab({ environment: parts })
  await environment.until('they are gone', async () => (await attachments(next)).length === 0)
})

test('a text is stored and sent while the bytes of a large file are still being stored', async () => {
  const tab = await openTab()
  const large = { name: 'film.mp4', bytes: new Blob([new Uint8Array(11_000_000)]) }
  const stores: string[][] = []
  const merge = tab.store.merge.bind(tab.store)
  tab.store.merge = async (work, of) => (stores.push([...(of ?? [])]), await merge(work, of))
  await addFiles(tab.live.outbox, chat, '', [large])
  expect(stores.slice(0, 2)).toEqual([['attachments'], expect.arrayContaining(['outbox', 'attachments'])])
  await environment.until('it is sent', () => filesOnServer().length === 1)
})

test('a large file whose bytes another tab has dropped meanwhile is stored again with its message', async () => {
  const tab = await openTab()
  environment.setOnline(false)
  const large = { name: 'film.mp4', bytes: new Blob([new Uint8Array(11_000_000)]) }
  const add = tab.live.outbox.add.bind(tab.live.outbox)
  tab.live.outbox.add = async (...given) => {
    await tab.store.merge(
      async ({ tx }) => {
        for (const { id } of await tx.all('attachments')) tx.delete('attachments', id)
      },
      ['attachments'],
    )
    return await add(...given)
  }
  await addFiles(tab.live.outbox, chat, '', [large])
  expect((await attachments(tab)).map(({ bytes }) => bytes.size)).toEqual([11_000_000])
})

test('keeping the address of an upload writes none of its bytes again', async () => {
  const tab = await openTab(uploading(({ onUrl }) => (onUrl('the address'), new Promise<never>(() => undefined))))
  const id = await addFiles(tab.live.outbox, chat, '', [film])
  await environment.until('it is kept', async () => {
    const command = await tab.store.read((tx) => tx.get('outbox', id), ['outbox'])
    return Object.values(command?.uploadUrls ?? {}).includes('the address')
  })
  expect(Object.keys((await attachments(tab))[0]!)).toEqual(['id', 'bytes'])
})

test('a file that cannot be read any more is refused and not tried for ever', async () => {
  let tries = 0
  const tab = await openTab(
    uploading(async () => {
      tries += 1
      throw new AppError('file.unreadable')
    }),
  )
  const id = await addFiles(tab.live.outbox, chat, '', [film])
  await environment.until('it is refused', async () => {
    return (await tab.store.read((tx) => tx.get('outbox', id), ['outbox']))?.refusal === 'file.unreadable'
  })
  await environment.pass(120_000)
  expect(tries).toBe(1)
})

test('an upload for which the server has no room says so and goes on by itself once there is room', async () => {
  let isFull = true
  const tab = await openTab({
    wrapApi: (api) => ({
      ...api,
      upload: async (given) => {
        if (isFull) throw new AppError('file.disk_full', { retryAfterSeconds: 30 })
        return await api.upload(given)
      },
    }),
  })
  await addFiles(tab.live.outbox, chat, '', [film])
  const { id } = (await attachments(tab))[0]!
  const wait = () => uploadWait(tab.live.uploadProgress, id)?.code
  await environment.until('it says so', () => wait() === 'file.disk_full')
  isFull = false
  await environment.until('it is sent', () => filesOnServer().length === 1)
  expect(wait()).toBeUndefined()
})

test('a refusal by a limit keeps how much of it is taken', async () => {
  const bytes = { used: 9, max: 10 }
  const tab = await openTab(
    uploading(async () => {
      throw new AppError('file.quota_full', { bytes })
    }),
  )
  const id = await addFiles(tab.live.outbox, chat, '', [film])
  await environment.until('it is refused', async () => {
    const command = await tab.store.read((tx) => tx.get('outbox', id), ['outbox'])
    return command?.refusedBytes?.used === 9
  })
})
