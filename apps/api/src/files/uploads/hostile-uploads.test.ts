import { createHash, randomBytes } from 'node:crypto'
import cookie from '@fastify/cookie'
import { parse } from 'content-disposition'
import Fastify from 'fastify'
import { type ClientId, type ContentId, newId } from '@veche/shared/ids'
import { beforeAll, describe, expect, test } from 'vitest'
import { serveRoutes } from '../../http-routes.ts'
import { newGroup, newUser, type TestUser } from '../../test/builders.ts'
import { afterFile } from '../../test/cleanup.ts'
import { callerFor, newTestApi, type TestApi } from '../../test/harness.ts'
import { startHttp } from '../../test/http/requests.ts'
import { contentIdOf, errorOf, Uploader } from '../../test/http/uploads.ts'
import { outcomeOf } from '../../test/outcome.ts'
import { waitBounds } from '../../test/waiting.ts'
import { uploadRoutes } from './http.ts'

const mega = 1_000_000
let testApi: TestApi
let base: string
let anna: TestUser
let boris: TestUser
let uploader: Uploader
beforeAll(async () => {
  testApi = await newTestApi()
  base = await startHttp(testApi.deps)
  ;[anna, boris] = [await newUser(testApi.deps), await newUser(testApi.deps)]
  uploader = new Uploader(base, testApi.deps, anna)
})

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')
/** Waits for what is flushed and noted, which nobody is told. */
const expectOffset = (path: string, offset: number) =>
  expect.poll(() => uploader.offsetOf(path), waitBounds).toBe(offset)

/** The file as another member of a chat gets it. */
async function deliver(who: TestUser, contentId: ContentId, name = 'a.bin') {
  const chatId = await newGroup(testApi.deps, [who, boris])
  const given = { chatId, clientId: newId<ClientId>(), body: '', files: [{ contentId, name }] }
  const { message } = await callerFor(testApi.deps, who).files.send(given)
  const reader = new Uploader(base, testApi.deps, boris)
  const [file] = message.files!
  return { file: file!, answer: await reader.ask('GET', `/api/files/${file!.id}`) }
}

async function expectArrives(contentId: ContentId, bytes: Uint8Array): Promise<void> {
  const { answer } = await deliver(anna, contentId)
  expect(sha256(new Uint8Array(await answer.arrayBuffer()))).toBe(sha256(bytes))
}

describe('an upload of which something is wrong', () => {
  test.each(['abc', '-1', '1.5', '1e3', '9007199254740993', '', 'Infinity', '0x10'])(
    'one that says to be %j long is refused, and nothing of it is kept',
    async (length) => {
      const before = await callerFor(testApi.deps, anna).files.use()
      expect((await uploader.ask('POST', '/api/files', { 'upload-length': length })).status).toBe(400)
      expect(await callerFor(testApi.deps, anna).files.use()).toEqual(before)
    },
  )

  test('one that does not say how long it is, or wants to say so later, is refused', async () => {
    expect((await uploader.ask('POST', '/api/files')).status).toBe(400)
    const later = await uploader.ask('POST', '/api/files', { 'upload-defer-length': '1' })
    expect([400, 501]).toContain(later.status)
  })

  test('a file that grows while it uploads is taken up to the length that it said, and no byte more', async () => {
    const bytes = randomBytes(100)
    const path = await uploader.begin(100)
    expect((await uploader.piece(path, 0, randomBytes(101))).status).toBe(413)
    expect(await uploader.offsetOf(path)).toBe(0)
    const growing = uploader.openPiece(path, 0)
    growing.send(bytes.subarray(0, 60))
    growing.send(Buffer.concat([bytes.subarray(60), randomBytes(500)]))
    growing.end()
    expect(await growing.status).toBe(413)
    const offset = await uploader.offsetOf(path)
    expect(offset).toBeLessThanOrEqual(100)
    if (offset < 100) expect((await uploader.piece(path, offset, bytes.subarray(offset))).status).toBe(204)
    expect((await uploader.piece(path, 100, randomBytes(1))).status).toBe(413)
    await expectArrives(contentIdOf(path), bytes)
  })

  test.each(['', '0.2.2', '1.0.1', '2.0.0'])(
    'one in version %j of tus is refused with the version that is spoken here',
    async (version) => {
      const answer = await uploader.ask('POST', '/api/files', { 'upload-length': '10', 'tus-resumable': version })
      expect([400, 412]).toContain(answer.status)
      expect(answer.headers.get('tus-resumable')).toBe('1.0.0')
    },
  )

  test('a piece with a checksum is refused, since checksums are not compared', async () => {
    const path = await uploader.begin(10)
    const answer = await uploader.piece(path, 0, Buffer.alloc(10), {
      'upload-checksum': 'sha1 Kq5sNclPz7QV2+lfQIuc6R7oRu0=',
    })
    expect([answer.status, await errorOf(answer)]).toEqual([400, { code: 'input.invalid' }])
    expect(await uploader.offsetOf(path)).toBe(0)
  })

  test.each([['-1'], ['1.5'], ['abc'], ['']])('a piece for the place %j is refused', async (offset) => {
    const path = await uploader.begin(10)
    expect((await uploader.piece(path, 0, Buffer.alloc(5), { 'upload-offset': offset })).status).toBe(400)
    expect(await uploader.offsetOf(path)).toBe(0)
  })

  test('a piece of another type than that of tus is refused', async () => {
    const path = await uploader.begin(10)
    const answer = await uploader.piece(path, 0, Buffer.alloc(5), { 'content-type': 'text/plain' })
    expect(answer.status).toBe(400)
  })

  test('a piece of more than eight megabytes is refused', async () => {
    const path = await uploader.begin(9 * mega)
    const answer = await uploader.piece(path, 0, randomBytes(9 * mega))
    expect([answer.status, await errorOf(answer)]).toEqual([413, { code: 'request.too_large' }])
    expect(await uploader.offsetOf(path)).toBe(0)
  })
})

test('a request of somebody else for an upload is refused, and does not end the request that sends it', async () => {
  const bytes = randomBytes(1_000)
  const path = await uploader.begin(bytes.length)
  const piece = uploader.openPiece(path, 0)
  piece.send(bytes.subarray(0, 500))
  const other = new Uploader(base, testApi.deps, boris)
  for (const method of ['HEAD', 'PATCH', 'DELETE']) {
    const headers =
      method === 'PATCH' ? { 'upload-offset': '0', 'content-type': 'application/offset+octet-stream' } : {}
    expect((await other.ask(method, path, headers)).status).toBe(404)
  }
  piece.send(bytes.subarray(500))
  piece.end()
  expect(await piece.status).toBe(204)
  await expectArrives(contentIdOf(path), bytes)
})

describe('an upload from two tabs at once', () => {
  test('of two that send the same piece to one process one wins, and the file is whole', async () => {
    const bytes = randomBytes(2 * mega)
    const path = await uploader.begin(bytes.length)
    const answers = await Promise.all([uploader.piece(path, 0, bytes), uploader.piece(path, 0, bytes)])
    expect(answers.map(({ status }) => status).sort()).toEqual([204, 409])
    await expectArrives(contentIdOf(path), bytes)
  })

  test('of two that send the same piece to two processes one wins, and the file is whole', async () => {
    const other = new Uploader(await startHttp(testApi.anotherProcess()), testApi.deps, anna)
    const bytes = randomBytes(200_000)
    const path = await uploader.begin(bytes.length)
    const pieces = [uploader.openPiece(path, 0), other.openPiece(path, 0)]
    for (const piece of pieces) piece.send(bytes.subarray(0, 100_000))
    for (const piece of pieces) piece.send(bytes.subarray(100_000))
    for (const piece of pieces) piece.end()
    expect((await Promise.all(pieces.map(({ status }) => status))).sort()).toEqual([204, 409])
    await expectArrives(contentIdOf(path), bytes)
  })

  test('a tab that goes on with a piece takes it over from one that has fallen silent', async () => {
    const bytes = randomBytes(1000)
    const path = await uploader.begin(bytes.length)
    const silent = uploader.openPiece(path, 0)
    silent.send(bytes.subarray(0, 400))
    await expect.poll(() => sizeOnDisk(path), waitBounds).toBe(400)
    // It ends the silent one, and learns from where to go on.
    expect((await uploader.piece(path, 0, bytes)).status).toBe(409)
    expect(await silent.status).toBe(204)
    await expectOffset(path, 400)
    expect((await uploader.piece(path, 400, bytes.subarray(400))).status).toBe(204)
    await expectArrives(contentIdOf(path), bytes)
  })
})

describe('an upload whose sender goes away', () => {
  test('what a sender has sent that is gone is kept, and the upload goes on from there', async () => {
    const bytes = randomBytes(300_000)
    const path = await uploader.begin(bytes.length)
    const broken = uploader.openPiece(path, 0)
    broken.send(bytes.subarray(0, 200_000))
    await expect.poll(() => sizeOnDisk(path), waitBounds).toBe(200_000)
    broken.breakOff()
    await expectOffset(path, 200_000)
    expect((await uploader.piece(path, 200_000, bytes.subarray(200_000))).status).toBe(204)
    await expectArrives(contentIdOf(path), bytes)
  })

  test('what a sender has sent that is too slow is kept, and the upload goes on from there', async () => {
    const http = Fastify()
    await http.register(cookie)
    await serveRoutes(http, testApi.deps, uploadRoutes, { windowMs: 100, minBytes: 1_000_000 })
    afterFile(() => http.close())
    const strict = new Uploader(await http.listen({ host: '127.0.0.1', port: 0 }), testApi.deps, anna)
    const bytes = randomBytes(1000)
    const path = await uploader.begin(bytes.length)
    const slow = strict.openPiece(path, 0)
    slow.send(bytes.subarray(0, 600))
    expect(await slow.status).toBe(408)
    await expectOffset(path, 600)
    expect((await uploader.piece(path, 600, bytes.subarray(600))).status).toBe(204)
    await expectArrives(contentIdOf(path), bytes)
  })

  test.each([
    [
      'is disabled',
      async (who: TestUser, admin: TestUser) => {
        await callerFor(testApi.deps, admin).admin.setDisabled({ userId: who.userId, disabled: true })
      },
    ],
    ['signs out', async (who: TestUser) => void (await callerFor(testApi.deps, who).auth.signOut())],
  ])('a person who %s in the middle of a piece sends no further one, and no message', async (_name, happens) => {
    const [who, admin] = [await newUser(testApi.deps), await newUser(testApi.deps, { role: 'admin' })]
    const theirs = new Uploader(base, testApi.deps, who)
    const path = await theirs.begin(200)
    const piece = theirs.openPiece(path, 0)
    piece.send(randomBytes(100))
    await expect.poll(() => sizeOnDisk(path), waitBounds).toBe(100)
    await happens(who, admin)
    piece.end()
    await piece.status
    const refused = [
      await theirs.piece(path, 100, randomBytes(100)),
      await theirs.ask('HEAD', path),
      await theirs.create(10),
      await theirs.ask('DELETE', path),
    ]
    expect(refused.map(({ status }) => status)).toEqual([401, 401, 401, 401])
    expect(await outcomeOf(deliver(who, contentIdOf(path)))).toBe('auth.required')
  })
})

describe('a file without bytes', () => {
  test('it uploads without a piece, counts among the unsent, is sent and comes as it is', async () => {
    const path = await uploader.begin(0)
    expect(await uploader.offsetOf(path)).toBe(0)
    expect((await uploader.piece(path, 0, randomBytes(1))).status).toBe(413)
    const { file, answer } = await deliver(anna, contentIdOf(path), 'empty.txt')
    expect(file).toMatchObject({ size: 0, name: 'empty.txt' })
    expect([answer.status, answer.headers.get('content-length'), await answer.text()]).toEqual([200, '0', ''])
  })
})

describe('a hostile name', () => {
  const names: [given: string, inMessage: string, saved: string][] = [
    ['../../etc/passwd', '../../etc/passwd', '.._.._etc_passwd'],
    ['..\\..\\windows\\hosts', '..\\..\\windows\\hosts', '.._.._windows_hosts'],
    ['a\0.png', 'a.png', 'a.png'],
    ['photo\u202Egnp.exe', 'photognp.exe', 'photognp.exe'],
    ['a\r\nset-cookie: x=1\r\n\r\n<script>.txt', 'a set-cookie: x=1 <script>.txt', 'a set-cookie: x=1 <script>.txt'],
    ['👩‍👩‍👧‍👦 отчёт 報告.pdf', '👩‍👩‍👧‍👦 отчёт 報告.pdf', '👩‍👩‍👧‍👦 отчёт 報告.pdf'],
    ['...', '...', '_...'],
    ['..', '..', '_..'],
    ['CON', 'CON', '_CON'],
    ['aux.txt', 'aux.txt', '_aux.txt'],
    ['console.txt', 'console.txt', 'console.txt'],
    ['name"; filename="other.exe', 'name"; filename="other.exe', 'name"; filename="other.exe'],
    ["100% sure'; x.txt", "100% sure'; x.txt", "100% sure'; x.txt"],
    ['half \uD800 character', 'half \uFFFD character', 'half \uFFFD character'],
  ]

  test.each(names)(
    '%j is one line in the message, and saved under a name without a path',
    async (given, inMessage, saved) => {
      const { file, answer } = await deliver(anna, await uploader.upload(randomBytes(10)), given)
      expect(file.name).toBe(inMessage)
      const header = answer.headers.get('content-disposition')!
      expect(header).toMatch(/^attachment; [\x20-\x7e\xa0-\xff]+$/)
      expect(parse(header).parameters['filename']).toBe(saved)
      expect(answer.headers.get('set-cookie')).toBeNull()
    },
  )

  test.each([
    ['of 300 characters', 'ж'.repeat(300)],
    ['of nothing', ''],
    ['of invisible characters', '\u200B\u202E\uFEFF'],
    ['of a megabyte', 'a'.repeat(mega / 2)],
  ])('a name %s is refused', async (_what, name) => {
    expect(await outcomeOf(deliver(anna, await uploader.upload(randomBytes(10)), name))).toBe('input.invalid')
  })
})

function sizeOnDisk(path: string): Promise<number | null> {
  return testApi.deps.fileStorage.sizeOf(contentIdOf(path), 'original')
}
