import { afterEach, beforeEach, expect, test } from 'vitest'
import { answerAvatar } from './avatars.ts'

const address = 'https://veche.example.org/api/avatars/7/64'
const real = { caches: globalThis.caches, fetch: globalThis.fetch }
let kept: Map<string, Response>
let asked: number
let server: () => Response | Promise<Response>

beforeEach(() => {
  kept = new Map()
  asked = 0
  server = () => avatar('new')
  const cache = {
    match: async (url: string) => kept.get(url)?.clone(),
    put: async (url: string, answer: Response) => void kept.set(url, answer),
    delete: async (url: string) => kept.delete(url),
    keys: async () => [...kept.keys()],
  }
  const fetch = async () => {
    asked += 1
    return server()
  }
  Object.assign(globalThis, { caches: { open: async () => cache }, fetch })
})
afterEach(() => Object.assign(globalThis, real))

function avatar(text: string, ageMs = 0): Response {
  return new Response(text, { headers: { date: new Date(Date.now() - ageMs).toUTCString() } })
}

/** What is answered, and when everything is done behind it. */
async function ask(): Promise<{ status: number; text: string; asked: number }> {
  const work: Promise<unknown>[] = []
  const answer = await answerAvatar(new Request(address), (each) => work.push(each))
  const answered = { status: answer.status, text: await answer.text() }
  await Promise.all(work)
  return { ...answered, asked }
}

test('an avatar that this device has is shown without a request', async () => {
  expect(await ask()).toEqual({ status: 200, text: 'new', asked: 1 })
  expect(await ask()).toEqual({ status: 200, text: 'new', asked: 1 })
})

test('one that is older than an hour is shown at once, and its right is asked again behind it', async () => {
  kept.set(address, avatar('old', 3_700_000))
  expect(await ask()).toEqual({ status: 200, text: 'old', asked: 1 })
  expect(await ask()).toEqual({ status: 200, text: 'new', asked: 1 })
})

test.each([401, 403, 404])('one that this person may not see any more (%i) is forgotten', async (status) => {
  kept.set(address, avatar('old', 3_700_000))
  server = () => new Response('', { status })
  await ask()
  expect(kept.size).toBe(0)
})

test('without a network, or with a server in trouble, what is kept stays', async () => {
  kept.set(address, avatar('old', 3_700_000))
  server = () => Promise.reject(new TypeError('no network'))
  expect(await ask()).toMatchObject({ text: 'old' })
  server = () => new Response('', { status: 503 })
  expect(await ask()).toMatchObject({ text: 'old' })
  expect(kept.size).toBe(1)
})

test('an error is answered as it is, and not kept', async () => {
  server = () => new Response('', { status: 404 })
  expect(await ask()).toMatchObject({ status: 404 })
  expect(kept.size).toBe(0)
})

test('a browser that lets nothing be kept shows avatars all the same', async () => {
  Object.assign(globalThis, { caches: { open: () => Promise.reject(new Error('denied')) } })
  expect(await ask()).toMatchObject({ text: 'new' })
})
