import { type MessageFormatElement, TYPE } from '@formatjs/icu-messageformat-parser'
import { type ArgumentKind, dateStyle, type Message } from './message.ts'
import { type TextBefore, tieRussian } from './typography.ts'

type Scope = { locale: string; args: ReadonlyMap<string, ArgumentKind>; fallback: boolean; counted?: string }

/** The names that compiled messages call, in the order in which their chunk gets them: see `src/lib/i18n/formats.ts`. */
export const formatNames = ['n', 'p', 's', 'q', 'd', 'e'] as const

/**
 * JavaScript for a message: a string, or a function of its arguments. `fallback`: it is an English text that stands in for a missing
 * one, so it counts as English does.
 */
export function compileMessage(message: Message, locale: string, kinds = message.args, fallback = false): string {
  if (kinds.size) return `g=>\`${template(message.elements, { locale, args: kinds, fallback }, 'start')}\``
  const texts = message.elements.map((element) => ('value' in element ? tie(element.value, locale, 'start') : ''))
  return JSON.stringify(texts.join(''))
}

function template(elements: MessageFormatElement[], scope: Scope, start: TextBefore): string {
  let before = start
  return elements
    .map((element, index) => {
      const text = element.type === TYPE.literal ? literal(element.value, scope, before) : null
      const inQuotes = isQuoted(elements[index - 1], elements[index + 1], scope)
      const code = text ?? `\${${inQuotes ? `q(${expression(element, scope)})` : expression(element, scope)}}`
      before = element.type === TYPE.pound || isNumber(element, scope) ? 'number' : 'argument'
      return code
    })
    .join('')
}

function tie(text: string, locale: string, before: TextBefore): string {
  return locale === 'ru' ? tieRussian(text, before) : text
}

function literal(text: string, { locale }: Scope, before: TextBefore): string {
  return tie(text, locale, before).replace(/[\\`]|\$\{/g, '\\$&')
}

function expression(element: MessageFormatElement, scope: Scope): string {
  if (element.type === TYPE.pound) return `n(${scope.counted})`
  if (element.type === TYPE.literal) return JSON.stringify(element.value)
  const value = `g.${element.value}`
  if (element.type === TYPE.date || element.type === TYPE.time) return `d(${value},"${dateStyle(element)}")`
  if (element.type === TYPE.select) return `s(${value},{${options(element.options, scope)}})`
  if (element.type !== TYPE.plural) return isNumber(element, scope) ? `n(${value})` : value
  const counted = element.offset ? `${value}-${element.offset}` : value
  const forms = options(element.options, { ...scope, counted })
  return `${scope.fallback ? 'e' : 'p'}(${value},{${forms}}${element.offset ? `,${element.offset}` : ''})`
}

function options(given: Record<string, { value: MessageFormatElement[] }>, scope: Scope): string {
  return Object.entries(given)
    .map(([name, { value }]) => `${JSON.stringify(name)}:\`${template(value, scope, 'start')}\``)
    .join(',')
}

function isNumber(element: MessageFormatElement, { args }: Scope): boolean {
  if (element.type === TYPE.number) return true
  return element.type === TYPE.argument && args.get(element.value) === 'number'
}

/** Russian quotation marks inside of others are of another kind: «Релиз „Весна“». */
function isQuoted(before: MessageFormatElement | undefined, after: MessageFormatElement | undefined, scope: Scope) {
  if (scope.locale !== 'ru' || before?.type !== TYPE.literal || after?.type !== TYPE.literal) return false
  return before.value.endsWith('«') && after.value.startsWith('»')
}
