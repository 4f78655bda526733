/** What the server itself writes in: mails, and texts for administrators. For people who have another language in the app it is English. */
export type ServerLocale = 'ru' | 'en'

export function serverLocale(locale: string): ServerLocale {
  return locale === 'ru' ? 'ru' : 'en'
}
