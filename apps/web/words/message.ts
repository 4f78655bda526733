import { type MessageFormatElement, parse, TYPE } from '@formatjs/icu-messageformat-parser'

export type ArgumentKind = 'text' | 'number' | 'time'
export type Message = { elements: MessageFormatElement[]; args: ReadonlyMap<string, ArgumentKind> }

export class MessageError extends Error {}

/** Reads a text in ICU MessageFormat. Throws a MessageError that says what is wrong with it. */
export function readMessage(text: string, locale: string): Message {
  const elements = parseText(text)
  const args = new Map<string, ArgumentKind>()
  collect(elements, locale, args)
  return { elements, args }
}

function parseText(text: string): MessageFormatElement[] {
  try {
    return parse(text, { ignoreTag: true, requiresOtherClause: true })
  } catch (thrown) {
    const { message, location } = thrown as Error & { location?: { start: { offset: number } } }
    const where = location ? ` at “${text.slice(location.start.offset, location.start.offset + 20)}”` : ''
    throw new MessageError(`is no ICU MessageFormat: ${message}${where}`)
  }
}

function collect(elements: MessageFormatElement[], locale: string, args: Map<string, ArgumentKind>): void {
  for (const element of elements) {
    if (element.type === TYPE.literal || element.type === TYPE.pound) continue
    if (element.type === TYPE.tag) throw new MessageError(`has a tag <${element.value}>, and texts have none`)
    if (!/^[a-z]\w*$/i.test(element.value)) throw new MessageError(`names an argument {${element.value}}`)
    const kind = kindOf(element)
    // "{count} {count, plural, …}": the more exact word about the argument counts.
    if (kind !== 'text' || !args.has(element.value)) args.set(element.value, kind)
    if (element.type === TYPE.plural) requireForms(element.options, locale)
    if (element.type === TYPE.plural || element.type === TYPE.select)
      for (const { value } of Object.values(element.options)) collect(value, locale, args)
  }
}

function kindOf(element: MessageFormatElement): ArgumentKind {
  if (element.type === TYPE.plural && element.pluralType !== 'cardinal')
    throw new MessageError('uses selectordinal, which is not supported')
  if (element.type === TYPE.number && element.style)
    throw new MessageError('gives a number a style, and there are none')
  if (element.type === TYPE.plural || element.type === TYPE.number) return 'number'
  if (element.type !== TYPE.date && element.type !== TYPE.time) return 'text'
  dateStyle(element)
  return 'time'
}

/** The name of the format in `src/lib/i18n/formats.ts`. */
export function dateStyle(element: MessageFormatElement): string {
  const style = 'style' in element && typeof element.style === 'string' ? element.style : ''
  const name = `${element.type === TYPE.time ? 'time' : 'date'} ${style}`
  if (['time short', 'date short', 'date long'].includes(name)) return name
  throw new MessageError(
    `has {…, ${name.trim().replace(' ', ', ')}}, and there is “time, short”, “date, short”, “date, long”`,
  )
}

/** A language that has more plural forms than a text gives would show a wrong one. */
function requireForms(options: Record<string, unknown>, locale: string): void {
  const forms: string[] = new Intl.PluralRules(locale).resolvedOptions().pluralCategories
  const given = Object.keys(options)
  const missing = forms.filter((form) => !given.includes(form))
  const foreign = given.filter((form) => !forms.includes(form) && !/^=\d+$/.test(form))
  if (missing.length) throw new MessageError(`lacks the plural form ${missing.join(', ')}`)
  if (foreign.length) throw new MessageError(`has the plural form ${foreign.join(', ')}, which ${locale} has not`)
}
