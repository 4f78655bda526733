import { globSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { I18n } from './i18n.svelte.ts'
import { firstLocale, nearestLocale } from './languages.ts'
import { wordsIn, wordsOf } from './words.ts'

beforeEach(() => {
  vi.stubGlobal('navigator', { languages: ['en-GB'] })
  // Nobody has chosen a language here before.
  vi.stubGlobal('localStorage', undefined)
})
afterEach(() => vi.unstubAllGlobals())

test('the language changes when its words are loaded, those included that are needed meanwhile', async () => {
  const uiWords = wordsOf('ui')
  const i18n = new I18n()
  await i18n.ready()
  expect(i18n.of(uiWords).close).toBe('Close')
  const chosen = i18n.choose('ru')
  const laterWords = wordsOf('shortcuts')
  expect(i18n.locale).toBe('en')
  await chosen
  expect(i18n.of(uiWords).close).toBe('Закрыть')
  expect(i18n.of(laterWords).title).toBe('Сочетания клавиш')
})

test('of two choices the later one counts', async () => {
  const i18n = new I18n()
  await Promise.all([i18n.choose('ru'), i18n.choose('en')])
  expect(i18n.locale).toBe('en')
})

test('words that are not loaded are an error, and not an empty text', () => {
  expect(() => wordsIn('tlh', wordsOf('ui'))).toThrow('The words of ui are not loaded in tlh')
})

test('a language that the app has not is English, and a region of one that it has is that one', () => {
  expect(nearestLocale('fr')).toBe('en')
  expect(nearestLocale('ru-UA')).toBe('ru')
  vi.stubGlobal('navigator', { languages: ['fr-FR', 'ru-RU', 'en'] })
  expect(firstLocale()).toBe('ru')
})

test('every part of the app that is loaded later waits for its words', () => {
  const src = fileURLToPath(new URL('../../', import.meta.url))
  const lines = globSync('**/*.{svelte,ts}', { cwd: src }).flatMap((file) =>
    readFileSync(src + file, 'utf8')
      .split('\n')
      .filter((line) => /(?<!typeof )import\('.*(\.svelte|error-description\.ts)'\)/.test(line)),
  )
  expect(lines.length).toBeGreaterThan(10)
  // A component that a feature registers is shown by Lazy.
  const waits = /<Lazy load=|withWords\(import|(component|content|part): \(\) => import/
  expect(lines.filter((line) => !waits.test(line))).toEqual([])
})
