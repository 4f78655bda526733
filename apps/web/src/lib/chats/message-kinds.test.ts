import { newId, type UserId } from '@veche/shared/ids'
import type { MessageRow } from '@veche/shared/rows/rows'
import { beforeAll, expect, test } from 'vitest'
import { loadEveryLanguage } from '#lib/test/words.ts'
import { MessageKinds } from './message-kinds.ts'

beforeAll(loadEveryLanguage)

function message(kind: MessageRow['kind'], more: Partial<MessageRow> = {}): MessageRow {
  return { kind, authorId: newId<UserId>(), body: null, system: null, call: null, ...more } as MessageRow
}

function summaryOf(kinds: MessageKinds, row: MessageRow): string | undefined {
  return kinds.get(row.kind)?.summary('en', row, { me: null, nameOf: () => 'Ann' })
}

test('a text message is summed up by its text, and a system message by its sentence', () => {
  const kinds = new MessageKinds()
  expect(summaryOf(kinds, message('text', { body: 'Hello' }))).toBe('Hello')
  expect(summaryOf(kinds, message('system', { system: { event: 'left' } }))).toBe('Ann left the group')
})

test('a kind is known once a feature has registered it', () => {
  const kinds = new MessageKinds()
  expect(kinds.get('call')).toBeUndefined()
  kinds.register({ kind: 'call', summary: () => 'Call ended' })
  expect(summaryOf(kinds, message('call'))).toBe('Call ended')
})
