import 'fake-indexeddb/auto'
import { IDBFactory } from 'fake-indexeddb'
import { newId, type ChatId } from '@veche/shared/ids'
import { afterEach, expect, test, vi } from 'vitest'
import type { Backend } from './backend.ts'
import { openIndexedDb } from './indexed-db.ts'
import { readMany } from './many-rows.ts'
import { MemoryBackend } from './MemoryBackend.ts'

afterEach(() => void vi.restoreAllMocks())

const drafts = Array.from({ length: 600 }, (_, n) => ({ chatId: newId<ChatId>(n * 1_000), body: `text ${n}`, at: n }))
const everyTenth = drafts.filter((_, n) => n % 10 === 0).map(({ chatId }) => chatId)
const unknown = Array.from({ length: 20 }, (_, n) => newId<ChatId>(n * 1_000 + 500))

test.each(['memory', 'database'])(
  'rows that are read together are those that are asked for, in the %s',
  async (kind) => {
    const backend = await opened(kind)
    await backend.write(async (tx) => drafts.forEach((row) => tx.put('drafts', row)), ['drafts'])
    const ids = drafts.map(({ chatId }) => chatId)
    for (const keys of [
      [],
      ids.slice(3, 5),
      ids.slice(40, 90),
      everyTenth,
      unknown,
      [...unknown, ...ids.slice(0, 20)].reverse(),
    ]) {
      const found = await backend.read((tx) => readMany(tx, 'drafts', keys), ['drafts'])
      expect(found).toEqual(
        new Map(drafts.filter(({ chatId }) => keys.includes(chatId)).map((row) => [row.chatId, row])),
      )
    }
    backend.close()
  },
)

test('rows beside each other are one read, and so are rows that are all missing', async () => {
  const backend = await opened('database')
  await backend.write(async (tx) => drafts.forEach((row) => tx.put('drafts', row)), ['drafts'])
  const one = vi.spyOn(IDBObjectStore.prototype, 'get')
  const range = vi.spyOn(IDBObjectStore.prototype, 'getAll')
  const ids = drafts.map(({ chatId }) => chatId)
  await backend.read((tx) => readMany(tx, 'drafts', ids.slice(100, 300)), ['drafts'])
  expect([one.mock.calls.length, range.mock.calls.length]).toEqual([0, 1])
  await backend.read(
    (tx) =>
      readMany(
        tx,
        'drafts',
        Array.from({ length: 200 }, () => newId<ChatId>()),
      ),
    ['drafts'],
  )
  expect([one.mock.calls.length, range.mock.calls.length]).toEqual([0, 2])
  backend.close()
})

test('the rows that are last by an index come in order, and a table is read whole however long it is', async () => {
  for (const kind of ['memory', 'database']) {
    const backend = await opened(kind)
    const rows = drafts.map(({ chatId }, n) => ({
      id: chatId,
      kind: 'chat',
      topAt: n % 2 ? null : String(n % 100).padStart(3, '0'),
    }))
    await backend.write(async (tx) => rows.forEach((row) => tx.put('scopes', row as never)), ['scopes'])
    const [last, all] = await backend.read((tx) => Promise.all([tx.last('scopes', 7), tx.all('scopes')]), ['scopes'])
    expect(last.map((row) => Reflect.get(row, 'topAt'))).toEqual(['098', '098', '098', '098', '098', '098', '096'])
    expect(all).toHaveLength(600)
    backend.close()
  }
})

function opened(kind: string): Promise<Backend> {
  if (kind === 'memory') return Promise.resolve(new MemoryBackend())
  return openIndexedDb({ name: kind, factory: new IDBFactory(), onLost: () => undefined })
}
