import { formatBytes } from '#lib/i18n/bytes.ts'
import type { Locale } from '#lib/i18n/languages.ts'
import { wordsIn, wordsOf } from '#lib/i18n/words.ts'
import type { AppError } from '../error.ts'
import { describeError } from '../error-description.ts'

const limitWords = wordsOf('fileLimits')

/** As `error-description.ts` does it, but says of a limit of files which it is, and how much of it is taken. */
export function describeLimit(error: AppError, locale: Locale): string {
  const { code, bytes } = error
  if (!bytes) return describeError(error, locale)
  const t = wordsIn(locale, limitWords)
  const amounts = { used: formatBytes(locale, bytes.used), max: formatBytes(locale, bytes.max) }
  if (code === 'file.too_large') return t.tooLarge(amounts)
  if (code === 'file.quota_full') return t.quotaFull(amounts)
  return code === 'file.storage_full' ? t.storageFull(amounts) : describeError(error, locale)
}
