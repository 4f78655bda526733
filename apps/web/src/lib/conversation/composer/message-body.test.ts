import { limits } from '@veche/shared/limits'
import { expect, test } from 'vitest'
import { bodyOf } from './message-body.ts'

test('what is sent is composed, trimmed, and keeps its line breaks', () => {
  expect(bodyOf('  e\u0301\r\nб  \n').text).toBe('\u00e9\nб')
})

test('nothing but space cannot be sent', () => {
  expect([bodyOf('').sendable, bodyOf(' \n\t ').sendable, bodyOf('x').sendable]).toEqual([false, false, true])
})

test('a counter appears near the end, counts code points, and goes below zero when it is too much', () => {
  const { body, counterFrom } = limits.message
  expect(bodyOf('x'.repeat(counterFrom - 1)).left).toBeNull()
  expect(bodyOf('x'.repeat(counterFrom)).left).toBe(body - counterFrom)
  expect(bodyOf('🔔'.repeat(body))).toMatchObject({ left: 0, sendable: true })
  expect(bodyOf('🔔'.repeat(body + 1))).toMatchObject({ left: -1, sendable: false })
})
