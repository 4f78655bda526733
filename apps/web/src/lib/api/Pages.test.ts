import { expect, test } from 'vitest'
import { AppError } from './error.ts'
import { Pages } from './Pages.svelte.ts'

type Row = { id: string; name?: string }

/** A server that answers when the test says so. */
class Server {
  asked: {
    cursor: string | null
    signal: AbortSignal
    answer: PromiseWithResolvers<{ rows: Row[]; next: string | null }>
  }[] = []
  fetch = (cursor: string | null, signal: AbortSignal) => {
    const answer = Promise.withResolvers<{ rows: Row[]; next: string | null }>()
    this.asked.push({ cursor, signal, answer })
    return answer.promise
  }
  answer(index: number, ids: string[], next: string | null = null) {
    this.asked[index]?.answer.resolve({ rows: ids.map((id) => ({ id })), next })
  }
}

const ids = (pages: Pages<Row>) => pages.rows.map(({ id }) => id)

test('a second page is added below the first, and a row that is in both is shown once', async () => {
  const server = new Server()
  const pages = new Pages<Row>(server.fetch)
  const first = pages.load()
  server.answer(0, ['a', 'b'], 'after b')
  await first
  const second = pages.loadMore()
  expect(server.asked[1]?.cursor).toBe('after b')
  server.answer(1, ['b', 'c'])
  await second
  expect(ids(pages)).toEqual(['a', 'b', 'c'])
  expect(pages.next).toBeNull()
})

test('the answer to an older search never replaces the answer to a newer one', async () => {
  const server = new Server()
  const pages = new Pages<Row>(server.fetch)
  const slow = pages.load()
  const quick = pages.load()
  server.answer(1, ['new'])
  await quick
  server.answer(0, ['old'])
  await slow
  expect(ids(pages)).toEqual(['new'])
  expect(server.asked[0]?.signal.aborted).toBe(true)
})

test('when the first page fails the error is shown, and another load brings the rows', async () => {
  const server = new Server()
  const pages = new Pages<Row>(server.fetch)
  const first = pages.load()
  server.asked[0]?.answer.reject(new AppError('server.unavailable'))
  await first
  expect(pages.state).toBe('failed')
  expect(pages.error?.code).toBe('server.unavailable')
  const again = pages.load()
  expect(pages.state).toBe('loading')
  server.answer(1, ['a'])
  await again
  expect(pages.state).toBe('ready')
  expect(pages.error).toBeNull()
})

test('when a further page fails the rows before it stay', async () => {
  const server = new Server()
  const pages = new Pages<Row>(server.fetch)
  const first = pages.load()
  server.answer(0, ['a'], 'after a')
  await first
  const second = pages.loadMore()
  server.asked[1]?.answer.reject(new AppError('network.unreachable'))
  await second
  expect(ids(pages)).toEqual(['a'])
  expect(pages.state).toBe('ready')
  expect(pages.error?.network).toBe(true)
  expect(pages.isLoadingMore).toBe(false)
})
