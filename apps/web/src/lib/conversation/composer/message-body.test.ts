import { limits } from '@veche/shared/limits'
import { expect, test } from 'vitest'
import { measureBody } from './message-body.ts'

test('a body is normalised to NFC and trimmed, and keeps its line breaks', () => {
  expect(measureBody('  e\u0301\r\nб  \n').text).toBe('\u00e9\nб')
})

test('white space alone cannot be sent', () => {
  expect([measureBody('').sendable, measureBody(' \n\t ').sendable, measureBody('x').sendable]).toEqual([
    false,
    false,
    true,
  ])
})

test('the number of remaining code points appears near the limit and is negative above it', () => {
  const { body, counterFrom } = limits.message
  expect(measureBody('x'.repeat(counterFrom - 1)).remaining).toBeNull()
  expect(measureBody('x'.repeat(counterFrom)).remaining).toBe(body - counterFrom)
  expect(measureBody('🔔'.repeat(body))).toMatchObject({ remaining: 0, sendable: true })
  expect(measureBody('🔔'.repeat(body + 1))).toMatchObject({ remaining: -1, sendable: false })
})
