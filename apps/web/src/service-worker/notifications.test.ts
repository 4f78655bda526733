import { afterEach, beforeEach, expect, test } from 'vitest'
import { keepLocaleForWorker } from '#lib/push/worker-locale.ts'
import { openNotification, showPush, type WorkerScope } from './notifications.ts'

const origin = 'https://veche.example.org'
const languages = ['en-GB', 'fr']

const caches = globalThis.caches
beforeEach(() => Object.assign(globalThis, { caches: new OneCache() }))
afterEach(() => Object.assign(globalThis, { caches }))

const message = { title: 'Anna', body: 'Tea is ready', path: '/chats/7', tag: 'chat-7' }
const pictures = { icon: '/icons/icon-192.png', badge: '/icons/badge-96.png' }

test('a push is shown as the notification that it describes, and leads to its page', async () => {
  const { scope, shown } = newWorker()
  await showPush(scope, push(message))
  await showPush(scope, push({ ...message, tag: undefined }))
  const { title, body } = message
  expect(shown).toEqual([
    [title, { body, ...pictures, data: { path: '/chats/7' }, tag: 'chat-7' }],
    [title, { body, ...pictures, data: { path: '/chats/7' } }],
  ])
})

test('a push of a newer release is shown, and what it says besides is ignored', async () => {
  const { scope, shown } = newWorker()
  await showPush(scope, push({ ...message, sparkle: { colour: 'red' } }))
  expect(shown).toEqual([
    [message.title, { body: message.body, ...pictures, data: { path: '/chats/7' }, tag: 'chat-7' }],
  ])
})

test.each([
  ['nothing', null],
  ['no JSON', { json: () => JSON.parse('Tea!') as unknown }],
  ['a word', push('tea')],
  ['no title', push({ ...message, title: '' })],
  ['a title without end', push({ ...message, title: 'a'.repeat(10_000) })],
  ['a foreign address', push({ ...message, path: 'https://evil.example.org/' })],
  ['an address without a scheme', push({ ...message, path: '//evil.example.org/' })],
  ['an address with a backslash', push({ ...message, path: '/\\evil.example.org/' })],
])('a push with %s is a plain notification all the same', async (_, data) => {
  const { scope, shown } = newWorker()
  await showPush(scope, data)
  const plain = { body: 'Open the app to see it.', ...pictures, data: { path: '/' }, tag: 'plain' }
  expect(shown).toEqual([['Something new in your chats', plain]])
})

test.each([
  ['the person has chosen', 'ru', ['en-GB'], 'Новое в ваших чатах'],
  ['the browser prefers, when nobody is signed in', null, ['fr', 'ru-RU', 'en'], 'Новое в ваших чатах'],
  ['everybody may know, when the app has none of these', null, ['fr'], 'Something new in your chats'],
])('a plain notification is in the language that %s', async (_, chosen, languages, title) => {
  if (chosen) await keepLocaleForWorker(chosen)
  const { scope, shown } = newWorker({ languages })
  await showPush(scope, null)
  expect(shown[0]?.[0]).toBe(title)
})

test('a click closes the notification and focuses the window that shows its page', async () => {
  const { scope, windows, opened } = newWorker({ open: ['/settings', '/chats/7?from=search'] })
  const closed = await click(scope, { path: '/chats/7' })
  expect([closed, windows.map(({ focused }) => focused), opened]).toEqual([true, [false, true], []])
})

test('a click opens a window when none shows the page, and interrupts nobody who reads another page', async () => {
  const { scope, windows, opened } = newWorker({ open: ['/settings'] })
  await click(scope, { path: '/chats/7' })
  expect([windows[0]?.focused, opened]).toEqual([false, [`${origin}/chats/7`]])
})

test('a click opens a window when the one with the page has gone meanwhile', async () => {
  const { scope, opened } = newWorker({ open: ['/chats/7'], gone: true })
  await click(scope, { path: '/chats/7' })
  expect(opened).toEqual([`${origin}/chats/7`])
})

test.each([
  ['no data', null],
  ['a foreign address', { path: 'https://evil.example.org/chats/7' }],
  ['an address without a scheme', { path: '//evil.example.org' }],
  ['a script', { path: 'javascript:alert(1)' }],
  ['no address', { path: 'http://' }],
])('a click on a notification with %s opens the app', async (_, data) => {
  const { scope, opened } = newWorker()
  await click(scope, data)
  expect(opened).toEqual([`${origin}/`])
})

type Window = { url: string; focused: boolean; focus: () => Promise<unknown> }
type Given = { open?: string[]; gone?: boolean; languages?: readonly string[] }

/** A service worker with these windows open. */
function newWorker({ open = [], gone = false, languages: preferred = languages }: Given = {}) {
  const shown: [string, NotificationOptions | undefined][] = []
  const opened: string[] = []
  const windows = open.map((path): Window => {
    const window = {
      url: origin + path,
      focused: false,
      focus: async () => {
        if (gone) throw new TypeError('The client was not found.')
        window.focused = true
        return window
      },
    }
    return window
  })
  const scope = {
    location: { origin },
    navigator: { languages: preferred },
    registration: {
      showNotification: async (title: string, options?: NotificationOptions) => void shown.push([title, options]),
    },
    clients: {
      matchAll: async () => windows,
      openWindow: async (url: string) => (opened.push(url), null),
    },
  } as unknown as WorkerScope
  return { scope, shown, opened, windows }
}

/** As a push arrives: its data is text, and is read when it is asked for. */
function push(payload: unknown) {
  const text = JSON.stringify(payload)
  return { json: () => JSON.parse(text) as unknown }
}

/** Says whether the notification was closed. */
async function click(scope: WorkerScope, data: unknown): Promise<boolean> {
  let closed = false
  await openNotification(scope, { data, close: () => void (closed = true) })
  return closed
}

/** Keeps answers by their addresses, as the caches of a browser do. */
class OneCache {
  readonly #kept = new Map<string, Response>()
  open = async () => this
  put = async (address: string, answer: Response) => void this.#kept.set(address, answer)
  match = async (address: string) => this.#kept.get(address)?.clone()
}
