import type { ChatId } from '@veche/shared/ids'
import type { MessageRow } from '@veche/shared/rows/rows'
import type { GalleryKind } from '@veche/shared/messages'
import { expect, test } from 'vitest'
import { AppError } from '#lib/api/error.ts'
import { newChanges, noteMessage } from '#lib/store/changes.ts'
import { Gallery, type GalleryQuery } from './Gallery.svelte.ts'

const chatId = 'chat' as ChatId

function picture(seq: number, change: Partial<MessageRow> = {}): MessageRow {
  const file = {
    id: `file-${seq}`,
    name: `${seq}.png`,
    size: 1,
    mime: 'image/png',
    width: 1,
    height: 1,
    thumbhash: null,
  }
  const files = [{ ...file, durationMs: null, waveform: null, hasRendition: false, preview: 'done' }]
  const at = { createdAt: '2026-03-03T10:00:00.000Z', editedAt: null, deletedAt: null }
  const row = {
    chatId,
    seq,
    rev: seq,
    authorId: 'anna',
    clientId: null,
    kind: 'file',
    body: null,
    system: null,
    call: null,
  }
  return { ...row, ...at, files, ...change } as unknown as MessageRow
}

/** A server with these messages, and a device that holds some of them. */
class World {
  readonly asked: GalleryQuery[] = []
  held = new Map<number, MessageRow>()
  isAway = false
  isDeviceBroken = false
  /** What happens after the server has read a page, and before the page is here. */
  meanwhile: () => Promise<void> = async () => undefined
  readonly #rows: MessageRow[]
  #listener: (changes: ReturnType<typeof newChanges>) => void = () => undefined

  constructor(rows: MessageRow[]) {
    this.#rows = rows
  }

  gallery(kind: GalleryKind = 'media', start?: MessageRow): Gallery {
    const tx = {
      message: async (_: ChatId, seq: number) => this.held.get(seq),
      messages: async () => [...this.held.values()].sort((a, b) => a.seq - b.seq),
    }
    const store = {
      read: async (work: (tx: never) => Promise<unknown>) => {
        if (this.isDeviceBroken) throw new Error('the database is closed')
        return await work(tx as never)
      },
      on: (_: string, listener: never) => {
        this.#listener = listener
        return () => undefined
      },
    }
    return new Gallery({
      chatId,
      kind,
      store: store as never,
      fetch: (query) => this.#fetch(query),
      ...(start ? { start } : {}),
    })
  }

  /** The live stream brings these rows. */
  async bring(...rows: MessageRow[]): Promise<void> {
    const changes = newChanges()
    for (const row of rows) {
      this.held.set(row.seq, row)
      noteMessage(changes, chatId, row.seq)
    }
    this.#listener(changes)
    await settled()
  }

  async replaceAll(): Promise<void> {
    const changes = newChanges()
    noteMessage(changes, chatId, 'all')
    this.#listener(changes)
    await settled()
  }

  /** Pages of two. */
  async #fetch(query: GalleryQuery) {
    this.asked.push(query)
    if (this.isAway) throw new AppError('network.unreachable')
    const { before = Infinity, after = 0 } = query
    const found = this.#rows.filter(({ seq }) => seq < before && seq > after)
    const messages = query.after === undefined ? found.slice(-2) : found.slice(0, 2)
    await this.meanwhile()
    return { messages, more: found.length > 2 }
  }
}

const settled = () => new Promise((resolve) => setTimeout(resolve))
const seqs = ({ items }: Gallery) => items.map(({ message }) => message.seq)

test('it begins with the newest page and goes on to older ones until there are none', async () => {
  const gallery = new World([1, 2, 3, 4, 5].map((seq) => picture(seq))).gallery()
  await gallery.open()
  expect(seqs(gallery)).toEqual([4, 5])
  await gallery.load('older')
  await gallery.load('older')
  expect([seqs(gallery), gallery.older]).toEqual([[1, 2, 3, 4, 5], 'end'])
})

test('around a message it has those on both sides', async () => {
  const world = new World([1, 2, 3, 4, 5].map((seq) => picture(seq)))
  const gallery = world.gallery('media', picture(3))
  await gallery.open()
  expect([seqs(gallery), gallery.older, gallery.newer]).toEqual([[1, 2, 3, 4, 5], 'end', 'end'])
})

test('a new file appears, and a deleted one goes, while it is open', async () => {
  const world = new World([picture(1), picture(2)])
  const gallery = world.gallery()
  await gallery.open()
  await world.bring(picture(3))
  expect(seqs(gallery)).toEqual([1, 2, 3])
  await world.bring(picture(2, { deletedAt: '2026-03-03T11:00:00.000Z', files: [] }))
  expect(seqs(gallery)).toEqual([1, 3])
})

test('what changes while a page is on its way is shown as it is now', async () => {
  const world = new World([1, 2, 3, 4].map((seq) => picture(seq)))
  const gallery = world.gallery()
  world.meanwhile = () => world.bring(picture(4, { deletedAt: '2026-03-03T11:00:00.000Z', files: [] }), picture(5))
  await gallery.open()
  expect(seqs(gallery)).toEqual([3, 5])
  world.meanwhile = () => world.bring(picture(2, { deletedAt: '2026-03-03T11:00:00.000Z', files: [] }))
  await gallery.load('older')
  expect([seqs(gallery), gallery.older]).toEqual([[1, 3, 5], 'end'])
})

test('when neither the server nor the device has anything to show, that is said and can be tried again', async () => {
  const world = new World([picture(1)])
  world.isAway = world.isDeviceBroken = true
  const gallery = world.gallery()
  await gallery.open()
  expect([gallery.state, gallery.error?.code]).toEqual(['failed', 'network.unreachable'])
  world.isAway = world.isDeviceBroken = false
  await gallery.retry()
  expect([gallery.state, seqs(gallery)]).toEqual(['ready', [1]])
})

test('a change far above what is loaded leaves no gap', async () => {
  const world = new World([1, 2, 3, 4, 5].map((seq) => picture(seq)))
  const gallery = world.gallery()
  await gallery.open()
  await world.bring(picture(1, { rev: 99 }))
  expect(seqs(gallery)).toEqual([4, 5])
})

test('an edited text comes and goes with its link', async () => {
  const text = { kind: 'text', files: undefined } as unknown as Partial<MessageRow>
  const world = new World([picture(1, { ...text, body: 'see https://example.org' })])
  const gallery = world.gallery('link')
  await gallery.open()
  expect(gallery.items.map(({ href }) => href)).toEqual(['https://example.org'])
  await world.bring(picture(1, { ...text, body: 'no address' }))
  expect(gallery.items).toEqual([])
})

test('pages in which there is no link after all are not the end', async () => {
  const text = (seq: number, body: string) => picture(seq, { kind: 'text', body, files: [] })
  const world = new World([text(1, 'https://example.org'), text(2, 'a b'), text(3, 'c'), text(4, 'd')])
  const gallery = world.gallery('link')
  await gallery.open()
  expect(gallery.items.map(({ href }) => href)).toEqual(['https://example.org'])
})

test('without the server it shows what this device holds, and the rest when the server is back', async () => {
  const world = new World([1, 2, 3].map((seq) => picture(seq)))
  world.held.set(3, picture(3))
  world.isAway = true
  const gallery = world.gallery()
  await gallery.open()
  expect([seqs(gallery), gallery.isHeldOnly]).toEqual([[3], true])
  world.isAway = false
  await gallery.retry()
  expect([seqs(gallery), gallery.isHeldOnly]).toEqual([[2, 3], false])
})

test('without the server a picture that is open has those beside it that this device holds', async () => {
  const world = new World([1, 2, 3].map((seq) => picture(seq)))
  world.held.set(1, picture(1))
  world.isAway = true
  const gallery = world.gallery('media', picture(2))
  await gallery.open()
  expect(seqs(gallery)).toEqual([1, 2])
  world.isAway = false
  await gallery.retry()
  expect([seqs(gallery), gallery.newer]).toEqual([[1, 2, 3], 'end'])
})

test('a page that could not be loaded can be tried again', async () => {
  const world = new World([1, 2, 3].map((seq) => picture(seq)))
  const gallery = world.gallery()
  await gallery.open()
  world.isAway = true
  await gallery.load('older')
  expect(gallery.older).toBe('failed')
  world.isAway = false
  await gallery.retry()
  expect([seqs(gallery), gallery.older]).toEqual([[1, 2, 3], 'end'])
})

test('when all rows of the chat were replaced it is loaded anew', async () => {
  const world = new World([picture(1)])
  const gallery = world.gallery()
  await gallery.open()
  await world.replaceAll()
  expect(world.asked).toHaveLength(2)
})
