import { expect, test } from 'vitest'
import { formatsOf } from '../src/lib/i18n/formats.ts'
import { readLanguages } from './languages.ts'
import { chunkModule, indexModule } from './modules.ts'
import { languageFolder } from './test/language-folder.ts'

type Words = Record<string, Record<string, (given: object) => string>>
type Chunk = { default: (...formats: unknown[]) => Words }

const plural = '{count, plural, one {# day} other {# days}}'

async function wordsOfLanguage(folder: string, locale: string): Promise<Words> {
  const { code } = readLanguages(folder).languages.find((each) => each.locale === locale)!
  const source = chunkModule(code, 'later')
  const { default: compiled } = (await import(`data:text/javascript,${encodeURIComponent(source)}`)) as Chunk
  return compiled(...formatsOf(locale))
}

test('a constant text stays a string, and a text with arguments is a function of them', async () => {
  const texts = { name: "A `cup`, $'{'tea} \\ it's", of: 'Tea `of` {name}: {count, number}' }
  const { tea } = await wordsOfLanguage(languageFolder({ 'en.json': { tea: texts } }), 'en')
  expect(tea?.['name']).toBe("A `cup`, ${tea} \\ it's")
  expect(tea?.['of']?.({ name: 'Ann', count: 1200 })).toBe('Tea `of` Ann: 1,200')
})

test.each<[string, object | string, string]>([
  [
    'of a brace that is not closed',
    { tea: { days: '{count', cups: 'Cups' } },
    'ru.json tea.days is no ICU MessageFormat',
  ],
  ['of an unknown key', { tea: { days: plural, mugs: 'x' } }, 'ru.json tea.mugs does not exist in en.json'],
  ['of a missing argument', { tea: { days: 'Дни' } }, 'ru.json tea.days lacks the argument {count}'],
  ['of a superfluous argument', { tea: { cups: 'Чашки {name}' } }, 'ru.json tea.cups has an argument {name}'],
  ['of a missing plural form', { tea: { days: plural } }, 'ru.json tea.days lacks the plural form few, many'],
  ['of an empty text', { tea: { cups: ' ' } }, 'ru.json tea.cups is no text'],
  ['of a style that there is not', { tea: { cups: '{at, date, full}' } }, 'ru.json tea.cups has {…, date, full}'],
  ['of broken JSON', '{', 'ru.json cannot be read'],
])('the build fails because %s, and says where', (_, russian, reason) => {
  const english = { tea: { days: plural, cups: 'Cups' } }
  expect(() => readLanguages(languageFolder({ 'en.json': english, 'ru.json': russian }))).toThrow(reason)
})

test('everything that is wrong is told at once', () => {
  const folder = languageFolder({ 'en.json': { tea: { one: '{', two: '{}' } }, 'Russian.json': {} })
  expect(() => readLanguages(folder)).toThrow(/Russian\.json is not named[^]*tea\.one[^]*tea\.two/)
})

test('a third language is a file: it is listed by its own name, and English stands in for what it lacks, counted as in English', async () => {
  const forms = '{count, plural, one {# jour} many {# jours} other {# jours}}'
  const folder = languageFolder({
    'en.json': { tea: { days: plural, cups: plural } },
    'fr.json': { tea: { days: forms } },
  })
  const languageFiles = readLanguages(folder)
  expect(indexModule(languageFiles)).toContain('export const languages={"en":"English","fr":"Français"}')
  expect(languageFiles.languages.map(({ missing }) => missing)).toEqual([[], ['tea.cups']])
  const { tea } = await wordsOfLanguage(folder, 'fr')
  expect([0, 1, 2].map((count) => tea?.['days']?.({ count }))).toEqual(['0 jour', '1 jour', '2 jours'])
  expect([0, 1, 2].map((count) => tea?.['cups']?.({ count }))).toEqual(['0 days', '1 day', '2 days'])
})

test('an exact number, an offset and a choice are compiled', async () => {
  const folder = languageFolder({
    'en.json': {
      tea: {
        who: '{count, plural, offset:1 =0 {nobody} =1 {{name}} one {{name} and # other} other {{name} and # others}}',
        what: '{kind, select, green {Green tea} other {Tea}}',
      },
    },
  })
  const { tea } = await wordsOfLanguage(folder, 'en')
  const who = [0, 1, 2, 4].map((count) => tea?.['who']?.({ count, name: 'Ann' }))
  expect(who).toEqual(['nobody', 'Ann', 'Ann and 1 other', 'Ann and 3 others'])
  expect(['green', 'black', 'constructor'].map((kind) => tea?.['what']?.({ kind }))).toEqual([
    'Green tea',
    'Tea',
    'Tea',
  ])
})
