import { expect, test } from 'vitest'
import { Batch } from './Batch.ts'

/** A batch whose statements are answered when the test says so. */
function newBatch(maxRunning: number) {
  const asked: string[][] = []
  const running: { answer: () => void; fail: (error: Error) => void }[] = []
  const batch = new Batch<string>(maxRunning, (keys) => {
    asked.push(keys)
    return new Promise((resolve, reject) => {
      const known = keys.filter((key) => key !== 'unknown')
      running.push({ answer: () => resolve(new Map(known.map((key) => [key, `${key}!`]))), fail: reject })
    })
  })
  return { batch, asked, running }
}

test('the first question is asked without delay, and those that come meanwhile are asked together', async () => {
  const { batch, asked, running } = newBatch(1)
  const first = batch.ask('a')
  const rest = [batch.ask('b'), batch.ask('c'), batch.ask('b'), batch.ask('unknown')]
  expect(asked).toEqual([['a']])
  running[0]!.answer()
  expect(await first).toBe('a!')
  expect(asked).toEqual([['a'], ['b', 'c', 'unknown']])
  running[1]!.answer()
  expect(await Promise.all(rest)).toEqual(['b!', 'c!', 'b!', undefined])
})

test('a question is never answered by a statement that began before it', async () => {
  const { batch, asked, running } = newBatch(1)
  const before = batch.ask('a')
  const after = batch.ask('a')
  running[0]!.answer()
  await before
  expect(asked).toEqual([['a'], ['a']])
  running[1]!.answer()
  expect(await after).toBe('a!')
})

test('a batch runs no more statements at the same time than it may', () => {
  const { batch, asked } = newBatch(2)
  void batch.ask('a')
  void batch.ask('b')
  void batch.ask('c')
  expect(asked).toEqual([['a'], ['b']])
})

test('a failure rejects the questions of its statement only', async () => {
  const { batch, running } = newBatch(1)
  const failed = [batch.ask('a')]
  const next = batch.ask('b')
  running[0]!.fail(new Error('away'))
  await expect(Promise.all(failed)).rejects.toThrow('away')
  running[1]!.answer()
  expect(await next).toBe('b!')
})
