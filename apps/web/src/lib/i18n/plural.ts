const rules = { en: new Intl.PluralRules('en'), ru: new Intl.PluralRules('ru') }
const figures = { en: new Intl.NumberFormat('en'), ru: new Intl.NumberFormat('ru') }

/** "1 message", "5 messages". */
export function pluralEn(count: number, one: string, other: string): string {
  return `${figures.en.format(count)} ${formEn(count, one, other)}`
}

/** The word alone, without its number. */
export function formEn(count: number, one: string, other: string): string {
  return rules.en.select(count) === 'one' ? one : other
}

/** «1 сообщение», «2 сообщения», «5 сообщений»; a no-break space keeps number and word on one line. */
export function pluralRu(count: number, one: string, few: string, many: string): string {
  return `${figures.ru.format(count)}\u00a0${formRu(count, one, few, many)}`
}

export function formRu(count: number, one: string, few: string, many: string): string {
  const form = rules.ru.select(count)
  return form === 'one' ? one : form === 'few' ? few : many
}
