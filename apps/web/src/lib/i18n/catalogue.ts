import { bound } from './typography.ts'

export const locales = ['en', 'ru'] as const
export type Locale = (typeof locales)[number]

export type Catalogue<Words> = Record<Locale, Words>
type Sentence = string | ((...given: never[]) => string)

/**
 * The words of one feature, in both languages. The English ones decide which there are: a Russian one that is missing, or one too
 * many, is a type error. Russian sentences get their no-break spaces here.
 */
export function catalogue<Words extends Record<keyof Words, Sentence>>(words: {
  en: Words
  ru: NoInfer<Words>
}): Catalogue<Words> {
  return { en: words.en, ru: bound(words.ru) }
}

export function isLocale(value: unknown): value is Locale {
  return value === 'en' || value === 'ru'
}
