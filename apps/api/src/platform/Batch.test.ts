import { expect, it } from 'vitest'
import { Batch } from './Batch.ts'

/** Answers when told to, so that a test decides what is on its way. */
function slow(places: number) {
  const asked: string[][] = []
  const under: { keys: string[]; answer: () => void; fail: (error: Error) => void }[] = []
  const batch = new Batch<string>(places, (keys) => {
    asked.push(keys)
    return new Promise((resolve, reject) => {
      const known = keys.filter((key) => key !== 'unknown')
      under.push({ keys, answer: () => resolve(new Map(known.map((key) => [key, `${key}!`]))), fail: reject })
    })
  })
  return { batch, asked, under }
}

it('the first question goes at once, and those that come meanwhile go together', async () => {
  const { batch, asked, under } = slow(1)
  const first = batch.ask('a')
  const rest = [batch.ask('b'), batch.ask('c'), batch.ask('b'), batch.ask('unknown')]
  expect(asked).toEqual([['a']])
  under[0]!.answer()
  expect(await first).toBe('a!')
  expect(asked).toEqual([['a'], ['b', 'c', 'unknown']])
  under[1]!.answer()
  expect(await Promise.all(rest)).toEqual(['b!', 'c!', 'b!', undefined])
})

it('a question is never answered by one that began before it', async () => {
  const { batch, asked, under } = slow(1)
  const before = batch.ask('a')
  const after = batch.ask('a')
  under[0]!.answer()
  await before
  expect(asked).toEqual([['a'], ['a']])
  under[1]!.answer()
  expect(await after).toBe('a!')
})

it('only so many are on their way at once', () => {
  const { batch, asked } = slow(2)
  void batch.ask('a')
  void batch.ask('b')
  void batch.ask('c')
  expect(asked).toEqual([['a'], ['b']])
})

it('a failure is told to those who asked with it, and the next are asked all the same', async () => {
  const { batch, under } = slow(1)
  const failed = [batch.ask('a')]
  const next = batch.ask('b')
  under[0]!.fail(new Error('away'))
  await expect(Promise.all(failed)).rejects.toThrow('away')
  under[1]!.answer()
  expect(await next).toBe('b!')
})
