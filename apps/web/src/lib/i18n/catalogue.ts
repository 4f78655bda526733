import { tieCatalogue } from './typography.ts'

export const locales = ['en', 'ru'] as const
export type Locale = (typeof locales)[number]

export type Catalogue<Words> = Record<Locale, Words>
type Sentence = string | ((...given: never[]) => string)

/**
 * The texts of one feature in both languages. The English texts define the keys: a missing or superfluous Russian text is a type
 * error. Russian texts get their no-break spaces here.
 */
export function catalogue<Words extends Record<keyof Words, Sentence>>(words: {
  en: Words
  ru: NoInfer<Words>
}): Catalogue<Words> {
  return { en: words.en, ru: tieCatalogue(words.ru) }
}

export function isLocale(value: unknown): value is Locale {
  return value === 'en' || value === 'ru'
}
