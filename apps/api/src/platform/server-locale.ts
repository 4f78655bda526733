/** What mails are written in. People may have other languages in the app: their mails are English. */
export type MailLocale = 'ru' | 'en'

export function mailLocale(locale: string): MailLocale {
  return locale === 'ru' ? 'ru' : 'en'
}
