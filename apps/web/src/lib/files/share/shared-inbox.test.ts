import { afterEach, beforeEach, expect, test } from 'vitest'
import { dropShared, keepShared, readShared } from './shared-inbox.ts'

const { caches } = globalThis
beforeEach(() => Object.assign(globalThis, { caches: new OneCache() }))
afterEach(() => Object.assign(globalThis, { caches }))

function form(fields: Record<string, string | File[]>): FormData {
  const data = new FormData()
  for (const [name, value] of Object.entries(fields))
    if (typeof value === 'string') data.append(name, value)
    else for (const file of value) data.append(name, file)
  return data
}

test('what another app shares waits with its names and types, and what it shared before is gone', async () => {
  await keepShared(form({ text: 'before', files: [new File(['1'], 'one'), new File(['2'], 'two')] }))
  await keepShared(form({ text: 'now', files: [new File(['three'], 'отчёт за май.txt', { type: 'text/plain' })] }))
  const shared = (await readShared())!
  expect([shared.text, shared.files.map(({ name, type }) => [name, type])]).toEqual([
    'now',
    [['отчёт за май.txt', 'text/plain']],
  ])
  expect(await shared.files[0]!.text()).toBe('three')
  await dropShared()
  expect(await readShared()).toBeNull()
})

test.each([
  [
    'title, text and link',
    { title: 'Tea', text: 'A way to make it', url: 'https://example.org/tea' },
    'Tea\nA way to make it\nhttps://example.org/tea',
  ],
  ['the same twice', { title: 'Tea', text: 'Tea' }, 'Tea'],
  [
    'a link within the text',
    { text: 'Read https://example.org/tea', url: 'https://example.org/tea' },
    'Read https://example.org/tea',
  ],
  ['nothing', {}, ''],
])('an app that shares %s makes one text of it', async (_, fields, text) => {
  await keepShared(form(fields))
  expect((await readShared())!.text).toBe(text)
})

class OneCache {
  readonly #kept = new Map<string, Response>()
  open = async () => this
  put = async (address: string, answer: Response) => void this.#kept.set(address, answer)
  match = async (address: string) => this.#kept.get(address)?.clone()
  delete = async () => this.#kept.clear()
}
