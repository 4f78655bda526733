import { languages } from 'virtual:words'
import { readStored } from '../browser/storage.ts'

/** The name of a language that has a file in `messages`: "en", "pt-BR". */
export type Locale = string

export const LOCALE_KEY = 'veche.locale'

/** Every language of the app, with the name that it gives itself. */
export const languageNames: readonly (readonly [Locale, string])[] = Object.entries(languages)

/** The choice of this device, or else the preference of the browser. */
export function firstLocale(): Locale {
  const stored = readStored(LOCALE_KEY)
  const wanted = [...(stored ? [stored] : []), ...navigator.languages]
  return wanted.map(known).find((locale) => locale !== null) ?? 'en'
}

/** The language itself, or the one without its region, or else English: an account may have a language that this app has not. */
export function nearestLocale(locale: string): Locale {
  return known(locale) ?? 'en'
}

function known(tag: string): Locale | null {
  const [language = ''] = tag.split('-')
  return [tag, language].find((locale) => Object.hasOwn(languages, locale)) ?? null
}
