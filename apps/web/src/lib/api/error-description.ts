import { formatBytes } from '#lib/i18n/bytes.ts'
import type { Locale } from '#lib/i18n/languages.ts'
import { wordsIn, wordsOf } from '#lib/i18n/words.ts'
import type { AppError, AppErrorCode } from './error.ts'

const errorWords = wordsOf('errors')
const retryWords = wordsOf('retry')
const limitWords = wordsOf('fileLimits')

/** Says what happened, when to try again, and which incident to report to the administrator. */
export function describeError(error: AppError, locale: Locale): string {
  const texts: Partial<Record<AppErrorCode, string>> = wordsIn(locale, errorWords)
  const parts = [texts[error.code] ?? texts['server.error']]
  const t = wordsIn(locale, retryWords)
  const { retryAfterSeconds: seconds = 0, incident } = error
  if (seconds >= 7_200) parts.push(t.hours({ count: Math.ceil(seconds / 3_600) }))
  else if (seconds >= 60) parts.push(t.minutes({ count: Math.ceil(seconds / 60) }))
  else if (seconds > 0) parts.push(t.seconds({ count: Math.ceil(seconds) }))
  if (incident) parts.push(t.incident({ id: incident }))
  return parts.join(' ')
}

/** Which limit of files was reached, and how much of it is taken. */
function describeLimit({ code, bytes }: AppError, locale: Locale): string | undefined {
  if (!bytes) return undefined
  const t = wordsIn(locale, limitWords)
  const amounts = { used: formatBytes(locale, bytes.used), max: formatBytes(locale, bytes.max) }
  if (code === 'file.too_large') return t.tooLarge(amounts)
  if (code === 'file.quota_full') return t.quotaFull(amounts)
  return code === 'file.storage_full' ? t.storageFull(amounts) : undefined
}
