import type { Locale } from './languages.ts'

/** In English without a region, dates are written as in Britain: 3 March. */
const defaults: Record<Locale, string> = { en: 'en-GB' }

/** The language with the region that the browser prefers for it: en-GB, en-US, ru-RU. */
export function regional(locale: Locale): string {
  const preferred = navigator.languages.find((tag) => tag.startsWith(`${locale}-`))
  return preferred ?? defaults[locale] ?? locale
}
