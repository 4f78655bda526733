import { expect, test } from 'vitest'
import { readable } from './PartLog.ts'

test('only warnings and errors of a log are shown', () => {
  expect(readable('{"level":30,"msg":"started"}')).toBeUndefined()
  expect(readable('{"level":40,"msg":"Redis is away"}')).toBe('warning: Redis is away')
  expect(readable('{"level":50,"msg":"it broke","err":{"message":"no such table"}}')).toBe(
    'error: it broke (no such table)',
  )
})

test('a line that is no log record is shown as it is', () => {
  expect(readable('  These settings are wrong:')).toBe('These settings are wrong:')
  expect(readable('{broken')).toBe('{broken')
  expect(readable('')).toBeUndefined()
})
