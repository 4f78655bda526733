import { expect, test } from 'vitest'
import { Share } from './BitrateDebt.ts'

const bitrate = 300_000
/** What each of these seconds, as a multiple of the share, calls for. */
const verdicts = (share: Share, ...seconds: number[]) => seconds.map((times) => share.count((bitrate / 8) * times, 1))

test('whoever stays within the share is left alone for ever', () => {
  expect(new Set(verdicts(new Share(bitrate), ...Array<number>(100).fill(1)))).toEqual(new Set(['fine']))
})

test('twice the share is borne for three seconds, and held until it has been owed for six', () => {
  expect(verdicts(new Share(bitrate), 2, 2, 2, 2, 2, 2)).toEqual(['fine', 'fine', 'hold', 'hold', 'hold', 'close'])
})

test('a little more than the share is borne for longer, a lot more not at all', () => {
  expect(verdicts(new Share(bitrate), ...Array<number>(12).fill(1.25)).indexOf('hold')).toBe(11)
  expect(verdicts(new Share(bitrate), 5)).toEqual(['hold'])
  expect(verdicts(new Share(bitrate), 50)).toEqual(['close'])
})

test('a peak is forgiven with time', () => {
  const share = new Share(bitrate)
  expect(verdicts(share, 3.5, 0, 0, 0, 3.5, 0, 0, 0, 3.5)).not.toContain('hold')
  expect(share.paid).toBe(false)
  verdicts(share, 0, 0, 0)
  expect(share.paid).toBe(true)
})

test('floods with pauses between them add up', () => {
  expect(verdicts(new Share(bitrate), 3.5, 0, 3.5, 0)).toEqual(['fine', 'fine', 'hold', 'fine'])
})

test('the worst flood is paid back within a minute', () => {
  const share = new Share(bitrate)
  verdicts(share, 1e6)
  expect(share.spent).toBe(true)
  verdicts(share, ...Array<number>(55).fill(0))
  expect(share.spent).toBe(false)
  verdicts(share, ...Array<number>(5).fill(0))
  expect(share.paid).toBe(true)
})
