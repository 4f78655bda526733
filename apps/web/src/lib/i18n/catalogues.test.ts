import { describe, expect, test } from 'vitest'
import type { Catalogue } from './catalogue.ts'

type Words = Record<string, string | ((...given: unknown[]) => string)>

const modules = import.meta.glob<Record<string, unknown>>(
  ['../**/catalogue.ts', '../**/sentences.ts', '../**/keys.ts', '../**/*-words.ts', '!../i18n/**'],
  { eager: true },
)
const catalogues = Object.entries(modules).flatMap(([path, module]) =>
  Object.entries(module).flatMap(([name, value]) => (isCatalogue(value) ? [[`${path} ${name}`, value] as const] : [])),
)

test('there are catalogues to look at', () => expect(catalogues.length).toBeGreaterThan(5))

describe.each(catalogues)('%s', (_, words) => {
  test('has the same words in both languages', () => {
    expect(Object.keys(words.ru).sort()).toEqual(Object.keys(words.en).sort())
  })

  test.each(['en', 'ru'] as const)('leaves nothing empty and nothing unfinished in %s', (locale) => {
    for (const [key, text] of said(words[locale])) {
      expect(text.trim(), key).not.toBe('')
      expect(text, key).not.toMatch(/undefined|NaN|\[object|\s{2}/)
    }
  })

  test('is Russian in Russian, with «ёлочки» and without stray straight quotes', () => {
    for (const [key, text] of said(words.ru)) {
      if (/\p{L}{3}/u.test(text)) expect(text, key).toMatch(/[а-яё]/i)
      expect(text, key).not.toMatch(/["“”]/)
    }
  })

  test('never leaves a short Russian word at the end of a line', () => {
    for (const [key, text] of said(words.ru)) expect(text, key).not.toMatch(/(?<=^|[\s(«])[а-яё]{1,2} /iu)
  })

  test('is English in English', () => {
    for (const [key, text] of said(words.en)) expect(text, key).not.toMatch(/[а-яё]/i)
  })
})

/** Every sentence as it is said; those that take something are given a 2, which is a number and a name. */
function said(words: Words): [string, string][] {
  return Object.entries(words).flatMap(([key, word]) =>
    typeof word === 'string' ? [[key, word] as [string, string]] : [[key, word('2', '2', '2')] as [string, string]],
  )
}

function isCatalogue(value: unknown): value is Catalogue<Words> {
  return typeof value === 'object' && value !== null && 'en' in value && 'ru' in value
}
