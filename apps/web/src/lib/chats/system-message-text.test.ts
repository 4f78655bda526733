import { newId, type UserId } from '@veche/shared/ids'
import type { MessageRow, SystemEvent } from '@veche/shared/rows/rows'
import { afterEach, beforeAll, beforeEach, vi, expect, test } from 'vitest'
import { systemMessageText } from './system-message-text.ts'
import { loadEveryLanguage } from '#lib/test/words.ts'

beforeAll(loadEveryLanguage)
beforeEach(() => vi.stubGlobal('navigator', { languages: ['en-GB'] }))
afterEach(() => vi.unstubAllGlobals())

const [me, ann, ben] = [newId<UserId>(), newId<UserId>(), newId<UserId>()]
const names = new Map([
  [ann, 'Ann'],
  [ben, 'Ben'],
])

function textOf(locale: 'en' | 'ru', authorId: UserId, system: SystemEvent | null): string {
  const row = { authorId, system } as MessageRow
  return systemMessageText(locale, row, { me, nameOf: (id) => names.get(id) ?? '?' }).replaceAll('\u00a0', ' ')
}

const events: SystemEvent[] = [
  { event: 'created', title: 'Spring' },
  { event: 'renamed', title: 'Summer' },
  { event: 'added', userIds: [ben, me] },
  { event: 'removed', userId: ben },
  { event: 'left' },
  { event: 'joined' },
  { event: 'role', userId: ben, role: 'moderator' },
]

test('every system event is a sentence in both languages, for others and for oneself', () => {
  for (const locale of ['en', 'ru'] as const) {
    const sentences = [ann, me].flatMap((who) => events.map((event) => textOf(locale, who, event)))
    expect(new Set(sentences).size).toBe(14)
    for (const sentence of sentences) expect(sentence).toMatch(locale === 'en' ? /^(Ann|You) / : /^(Ann|Вы) .*[а-я]/)
  }
  expect(textOf('en', ann, events[2] ?? null)).toBe('Ann added Ben and you')
  expect(textOf('ru', me, events[6] ?? null)).toBe('Вы назначили: Ben теперь модератор')
})

test('when many people are added only the first are named', () => {
  const userIds = Array.from({ length: 9 }, () => ben)
  expect(textOf('en', ann, { event: 'added', userIds })).toBe('Ann added Ben, Ben, Ben, Ben and 5 more')
})

test('quotation marks within quotation marks are of the inner kind', () => {
  expect(textOf('ru', me, { event: 'renamed', title: 'Релиз «Весна»' })).toBe(
    'Вы переименовали группу в «Релиз „Весна“»',
  )
})

test('a deleted system message has no text', () => {
  expect(textOf('en', ann, null)).toBe('')
})

test('somebody who became an owner because all others were disabled was made so by nobody', () => {
  expect(textOf('en', ben, { event: 'role', userId: ben, role: 'owner' })).toBe('Ben is an owner now')
  expect(textOf('en', me, { event: 'role', userId: me, role: 'owner' })).toBe('You are an owner now')
  expect(textOf('ru', me, { event: 'role', userId: me, role: 'owner' })).toBe('Вы теперь владелец')
})
