import type { Locale } from './languages.ts'
import { regional } from './region.ts'
import { formatDate, formatShortDate, formatTime } from './time.ts'

type Forms = Record<string, string>
type Plural = (count: number, forms: Forms, offset?: number) => string

const dates = { 'time short': formatTime, 'date short': formatShortDate, 'date long': formatDate }

/** What the compiled messages of a language call, in the order of `words/compile.ts`. */
export type Formats = [
  number: (value: number) => string,
  plural: Plural,
  select: (value: string, forms: Forms) => string,
  innerQuotes: (text: string) => string,
  date: (at: string | number | Date, style: keyof typeof dates) => string,
  englishPlural: Plural,
]

export function formatsOf(locale: Locale): Formats {
  const figures = new Intl.NumberFormat(regional(locale))
  return [
    (value) => figures.format(value),
    pluralOf(locale),
    (value, forms) => (Object.hasOwn(forms, value) ? forms[value] : forms['other']) ?? '',
    (text) => text.replace(/[«“"]/g, '„').replace(/[»”]/g, '“'),
    (at, style) => dates[style](locale, at),
    pluralOf('en'),
  ]
}

/** "Ann, Ben and Cem" */
export function formatList(locale: Locale, items: string[]): string {
  return new Intl.ListFormat(regional(locale)).format(items)
}

function pluralOf(locale: Locale): Plural {
  const rules = new Intl.PluralRules(locale)
  return (count, forms, offset = 0) => forms[`=${count}`] ?? forms[rules.select(count - offset)] ?? forms['other'] ?? ''
}
