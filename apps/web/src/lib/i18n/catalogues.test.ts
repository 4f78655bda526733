import { describe, expect, test } from 'vitest'
import type { Catalogue } from './catalogue.ts'

type Words = Record<string, string | ((...given: unknown[]) => string)>

const modules = import.meta.glob<Record<string, unknown>>(
  ['../**/*catalogue.ts', '../**/error-texts.ts', '../**/*-words.ts', '!../i18n/**'],
  { eager: true },
)
const catalogues = Object.entries(modules).flatMap(([path, module]) =>
  Object.entries(module).flatMap(([name, value]) => (isCatalogue(value) ? [[`${path} ${name}`, value] as const] : [])),
)

test('the catalogues of the app are found', () => expect(catalogues.length).toBeGreaterThan(5))

test.each(catalogues)('%s has the same keys in both languages', (_, words) => {
  expect(Object.keys(words.ru).sort()).toEqual(Object.keys(words.en).sort())
})

describe.each(['en', 'ru'] as const)('in %s', (locale) => {
  test.each(catalogues)(`%s has no empty or broken text in ${locale}`, (_, words) => {
    for (const [key, text] of textsOf(words[locale])) {
      expect(text.trim(), key).not.toBe('')
      expect(text, key).not.toMatch(/undefined|NaN|\[object|\s{2}/)
    }
  })
})

test.each(catalogues)('%s has Cyrillic Russian texts, with «ёлочки» and without straight quotes', (_, words) => {
  for (const [key, text] of textsOf(words.ru)) {
    if (/\p{L}{3}/u.test(text)) expect(text, key).toMatch(/[а-яё]/i)
    expect(text, key).not.toMatch(/["“”]/)
  }
})

test.each(catalogues)('%s never leaves a short Russian word at the end of a line', (_, words) => {
  for (const [key, text] of textsOf(words.ru)) expect(text, key).not.toMatch(/(?<=^|[\s(«])[а-яё]{1,2} /iu)
})

test.each(catalogues)('%s has no Cyrillic letter in an English text', (_, words) => {
  for (const [key, text] of textsOf(words.en)) expect(text, key).not.toMatch(/[а-яё]/i)
})

/** Every text of a catalogue. Texts with parameters get '2', which serves as a number and as a name. */
function textsOf(words: Words): [string, string][] {
  return Object.entries(words).flatMap(([key, word]) =>
    typeof word === 'string' ? [[key, word] as [string, string]] : [[key, word('2', '2', '2')] as [string, string]],
  )
}

function isCatalogue(value: unknown): value is Catalogue<Words> {
  return typeof value === 'object' && value !== null && 'en' in value && 'ru' in value
}
