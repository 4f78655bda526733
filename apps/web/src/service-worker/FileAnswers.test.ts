import type { ChatId } from '@veche/shared/ids'
import { expect, test } from 'vitest'
import { FileAnswers } from './FileAnswers.ts'
import { KEPT_FILES, type KeptFile, oldestBeyond } from './KeptFiles.ts'

const origin = 'https://veche.example.org'
const chatId = 'chat-1' as ChatId
const path = (name: string) => `/api/files/${name}/320`

/** A server, a device, and the worker between them. */
class World {
  readonly caches = new Caches()
  isAway = false
  status = 200
  asked = 0
  now = 0
  /** Lets an answer wait until it is called. */
  hold: Promise<void> | null = null
  answers = this.newWorker()

  /** As after the browser has stopped the worker. */
  newWorker(): FileAnswers {
    const after = () => Promise.resolve()
    const fetch = (request: Request) => this.#fetch(request)
    return (this.answers = new FileAnswers({ caches: this.caches as never, fetch, after, now: () => (this.now += 1) }))
  }

  async get(name: string, headers: Record<string, string> = {}): Promise<Response> {
    const { answer, done } = await this.answers.answer(new Request(`${origin}${path(name)}`, { headers }))
    await done
    return answer
  }

  async text(name: string, headers: Record<string, string> = {}): Promise<string> {
    return await this.get(name, headers)
      .then(async (answer) => `${answer.status} ${await answer.text()}`)
      .catch(() => 'nothing')
  }

  /** What of the files is on the device, beside the list of them. */
  get kept(): string[] {
    const keys = [...(this.caches.all.get(KEPT_FILES)?.entries.keys() ?? [])]
    return keys.filter((key) => !key.endsWith('/kept'))
  }

  async #fetch(request: Request): Promise<Response> {
    this.asked += 1
    await this.hold
    if (this.isAway) throw new TypeError('Failed to fetch')
    const name = new URL(request.url).pathname.split('/')[3]!
    const seq = Number(name.split('-')[1])
    const body = this.status === 200 ? `bytes of ${name}`.padEnd(100, '.') : ''
    const headers = {
      'content-length': String(body.length),
      etag: `"${name}"`,
      'content-security-policy': "default-src 'none'",
    }
    const isWhole = request.headers.get('range') === 'bytes=0-'
    const range = isWhole ? { 'content-range': `bytes 0-${body.length - 1}/${body.length}` } : {}
    const message = { 'x-veche-message': `${chatId}/${seq}` }
    return new Response(body, { status: isWhole ? 206 : this.status, headers: { ...headers, ...range, ...message } })
  }
}

/** The cache storage of a browser: who has opened a cache goes on with it after it was deleted, and nobody else finds it. */
class Caches {
  readonly all = new Map<string, OneCache>()
  async has(name: string) {
    return this.all.has(name)
  }
  async open(name: string) {
    const cache = this.all.get(name) ?? new OneCache()
    this.all.set(name, cache)
    return cache
  }
  async delete(name: string) {
    return this.all.delete(name)
  }
}

class OneCache {
  readonly entries = new Map<string, Response>()
  async keys() {
    return [...this.entries.keys()].map((key) => new Request(`${origin}${key}`))
  }
  async match(key: string) {
    return this.entries.get(key)?.clone()
  }
  async put(key: string, answer: Response) {
    this.entries.set(key, answer)
  }
  async delete(key: string) {
    return this.entries.delete(key)
  }
}

test('a file that was seen is shown without the server, and one that was not is not', async () => {
  const world = new World()
  await world.get('file-1')
  world.isAway = true
  expect(await world.text('file-1')).toMatch(/^200 bytes of file-1/)
  expect(await world.text('file-2')).toBe('nothing')
})

test('it is still there after the browser has stopped the worker, with the headers that keep it harmless', async () => {
  const world = new World()
  await world.get('file-1')
  world.newWorker()
  world.isAway = true
  expect((await world.get('file-1')).headers.get('content-security-policy')).toBe("default-src 'none'")
})

test('the server is asked for the right each time, however often the file was seen', async () => {
  const world = new World()
  for (let times = 0; times < 3; times++) await world.get('file-1')
  expect(world.asked).toBe(3)
})

test.each([401, 403, 404])('a file that the server answers with %i is forgotten', async (status) => {
  const world = new World()
  await world.get('file-1')
  world.status = status
  expect((await world.get('file-1')).status).toBe(status)
  expect(world.kept).toEqual([])
})

test('a server in trouble is like none: what is kept is shown, and stays', async () => {
  const world = new World()
  await world.get('file-1')
  world.status = 503
  expect(await world.text('file-1')).toMatch(/^200 bytes of file-1/)
  expect((await world.get('file-2')).status).toBe(503)
  expect(world.kept).toEqual([path('file-1')])
})

test('a sound that a player has asked for whole is kept, and parts of it are answered', async () => {
  const world = new World()
  expect((await world.get('file-1', { range: 'bytes=0-' })).status).toBe(206)
  world.isAway = true
  const part = await world.get('file-1', { range: 'bytes=6-9' })
  expect([part.status, part.headers.get('content-range'), await part.text()]).toEqual([206, 'bytes 6-9/100', 'of f'])
  expect((await world.get('file-1', { range: 'bytes=200-' })).status).toBe(416)
})

test('what nobody has looked at for the longest time goes first when the bound is passed', async () => {
  const world = new World()
  await world.answers.obey({ act: 'limit', maxBytes: 300 })
  for (const name of ['file-1', 'file-2', 'file-3', 'file-1', 'file-4']) await world.get(name)
  expect(world.kept).toEqual([path('file-1'), path('file-3'), path('file-4')])
  await world.answers.obey({ act: 'limit', maxBytes: 100 })
  expect(world.kept).toEqual([path('file-4')])
  expect(await world.answers.obey({ act: 'use' })).toEqual({ bytes: 100, maxBytes: 100 })
})

test('with the bound 0 nothing is kept', async () => {
  const world = new World()
  await world.get('file-1')
  await world.answers.obey({ act: 'limit', maxBytes: 0 })
  await world.get('file-2')
  expect(world.kept).toEqual([])
})

test('the files of a deleted message go, and those of a chat that is gone', async () => {
  const world = new World()
  for (const name of ['file-1', 'file-2', 'file-3']) await world.get(name)
  await world.answers.obey({ act: 'forget', chatId, seqs: [2] })
  expect(world.kept).toEqual([path('file-1'), path('file-3')])
  await world.answers.obey({ act: 'forget', chatId: 'another' as ChatId, seqs: 'all' })
  expect(world.kept).toHaveLength(2)
  await world.answers.obey({ act: 'forget', chatId, seqs: 'all' })
  expect(world.kept).toEqual([])
})

test('a message that is deleted while its file is on its way leaves nothing, and the file of another message stays', async () => {
  const world = new World()
  const { promise, resolve } = Promise.withResolvers<void>()
  world.hold = promise
  const late = [world.get('file-1'), world.get('file-2')]
  await expect.poll(() => world.asked).toBe(2)
  await world.answers.obey({ act: 'forget', chatId, seqs: [1] })
  resolve()
  await Promise.all(late)
  expect(world.kept).toEqual([path('file-2')])
  await world.get('file-1')
  expect(world.kept).toEqual([path('file-2'), path('file-1')])
})

test('emptied, it keeps the bound and nothing else', async () => {
  const world = new World()
  await world.answers.obey({ act: 'limit', maxBytes: 300 })
  await world.get('file-1')
  expect(await world.answers.obey({ act: 'empty' })).toEqual({ bytes: 0, maxBytes: 300 })
  expect(world.kept).toEqual([])
})

test('nothing is left when the person signs out, also of an answer that was on its way', async () => {
  const world = new World()
  await world.get('file-1')
  const { promise, resolve } = Promise.withResolvers<void>()
  world.hold = promise
  const late = world.get('file-2')
  await expect.poll(() => world.asked).toBe(2)
  await world.caches.delete(KEPT_FILES)
  resolve()
  await late
  expect(world.kept).toEqual([])
  world.isAway = true
  for (const name of ['file-1', 'file-2']) expect(await world.text(name)).toBe('nothing')
})

test('an answer that names no message is not kept: nobody could tell when it has to go', async () => {
  const world = new World()
  const plain = new FileAnswers({
    caches: world.caches as never,
    fetch: async () => new Response('bytes', { headers: { 'content-length': '5' } }),
    after: () => Promise.resolve(),
    now: () => 1,
  })
  await (
    await plain.answer(new Request(`${origin}${path('file-1')}`))
  ).done
  expect(world.kept).toEqual([])
})

test('files are deleted from the one that was used first, until the others are within the bound', () => {
  const file = (usedAt: number, bytes: number) => ({ usedAt, bytes }) as KeptFile
  const files = { a: file(3, 10), b: file(1, 20), c: file(2, 30) }
  expect(oldestBeyond(files, 60)).toEqual([])
  expect(oldestBeyond(files, 59)).toEqual(['b'])
  expect(oldestBeyond(files, 10)).toEqual(['b', 'c'])
  expect(oldestBeyond(files, 0)).toEqual(['b', 'c', 'a'])
})
