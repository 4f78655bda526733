import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { languageNames } from '../src/lib/i18n/languages.ts'
import type { Messages } from '../src/lib/i18n/messages.gen.ts'
import { wordsIn, wordsOf } from '../src/lib/i18n/words.ts'
import { loadEveryLanguage } from '../src/lib/test/words.ts'
import { readLanguages } from './languages.ts'
import { messagesFolder } from './plugin.ts'

type Text = string | ((given: object) => string)

const { english, languages } = readLanguages(messagesFolder)
const namespaces = [...english.keys()] as (keyof Messages)[]
const words = namespaces.map((namespace) => wordsOf(namespace))
await loadEveryLanguage()

/** Every text of a language; arguments get '2', which serves as a number, a name and a time. */
function textsOf(locale: string): [string, string][] {
  return words.flatMap((each) =>
    Object.entries(wordsIn(locale, each) as Record<string, Text>).map(([key, text]): [string, string] => [
      `${each.namespace}.${key}`,
      typeof text === 'string' ? text : text(new Proxy({}, { get: () => '2' })),
    ]),
  )
}

test('the messages of the app are complete in English and Russian', () => {
  expect(languageNames).toEqual([
    ['en', 'English'],
    ['ru', 'Русский'],
  ])
  expect(textsOf('en').length).toBeGreaterThan(500)
  for (const { missing } of languages) expect(missing).toEqual([])
})

describe.each(['en', 'ru'])('the texts in %s', (locale) => {
  test(`no text is empty or broken in ${locale}`, () => {
    for (const [key, text] of textsOf(locale)) {
      expect(text.trim(), key).not.toBe('')
      expect(text, key).not.toMatch(/undefined|NaN|\[object|\s{2}|[{}]/)
    }
  })

  test(`the file of ${locale} has no no-break space, because the compiler puts them in`, () => {
    expect(readFileSync(`${messagesFolder}/${locale}.json`, 'utf8')).not.toMatch(/\u00a0/)
  })
})

test('Russian texts are Cyrillic, with «ёлочки» and without straight quotes', () => {
  for (const [key, text] of textsOf('ru')) {
    if (/\p{L}{3}/u.test(text)) expect(text, key).toMatch(/[а-яё]/i)
    expect(text, key).not.toMatch(/["“”]/)
  }
})

test('a short Russian word never ends a line, and a dash never begins one', () => {
  for (const [key, text] of textsOf('ru')) expect(text, key).not.toMatch(/(?<=^|[\s(«])[а-яё]{1,2} | —/iu)
})

test('no English text has a Cyrillic letter', () => {
  for (const [key, text] of textsOf('en')) expect(text, key).not.toMatch(/[а-яё]/i)
})

test.each([
  [0, '0 members', '0 участников'],
  [1, '1 member', '1 участник'],
  [2, '2 members', '2 участника'],
  [5, '5 members', '5 участников'],
  [11, '11 members', '11 участников'],
  [21, '21 members', '21 участник'],
  [112, '112 members', '112 участников'],
  [1.5, '1.5 members', '1,5 участника'],
])('%d members have the right plural form in both languages', (count, inEnglish, inRussian) => {
  const conversation = wordsOf('conversation')
  expect(wordsIn('en', conversation).members({ count })).toBe(inEnglish)
  expect(wordsIn('ru', conversation).members({ count })).toBe(inRussian.replace(' ', '\u00a0'))
})

test('a value in a Russian text is tied to a short word before it, and gets inner quotation marks', () => {
  expect(wordsIn('ru', wordsOf('call')).two({ one: 'Анна', other: 'Яна' })).toBe('Здесь Анна и\u00a0Яна.')
  expect(wordsIn('ru', wordsOf('groups')).leaveTitle({ title: 'Релиз «Весна»' })).toBe('Покинуть «Релиз „Весна“»?')
})
