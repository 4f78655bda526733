import { newId, type UserId } from '@veche/shared/ids'
import type { MessageRow } from '@veche/shared/rows/rows'
import { expect, test } from 'vitest'
import { MessageKinds, type MessageReader } from './message-kinds.ts'

const reader: MessageReader = { locale: 'en', me: null, nameOf: () => 'Ann' }

function message(kind: MessageRow['kind'], more: Partial<MessageRow>): MessageRow {
  return { kind, authorId: newId<UserId>(), body: null, system: null, call: null, ...more } as MessageRow
}

test('a text message is summed up by its text, and a system message by its sentence', () => {
  const kinds = new MessageKinds()
  expect(kinds.summary(message('text', { body: 'Hello' }), reader)).toBe('Hello')
  expect(kinds.summary(message('system', { system: { event: 'left' } }), reader)).toBe('Ann left the group')
})

test('a kind that a feature registered has its summary and its card, and one that was not registered has neither', () => {
  const kinds = new MessageKinds()
  const row = message('call', {})
  expect([kinds.summary(row, reader), kinds.loadCard('call')]).toEqual(['', undefined])
  kinds.register('call', { summary: () => 'Call ended', loadCard: () => new Promise(() => undefined) })
  expect([kinds.summary(row, reader), kinds.loadCard('call')]).toEqual(['Call ended', expect.any(Promise)])
})
