import type { I18n } from '#lib/i18n/i18n.svelte.ts'
import type { Locale } from '#lib/i18n/languages.ts'
import { uiWords } from '#lib/ui/words.ts'
import type { AppError } from './error.ts'

/**
 * The text of an error, for components of the first screen. The texts are loaded after the first error, because the first load does
 * not need them. Call it during the set-up of a component.
 */
export function lazyErrorText(errorOf: () => AppError | null, i18n: I18n): { readonly text: string } {
  let describe = $state.raw<((error: AppError, locale: Locale) => string) | null>(null)
  let failed = $state(false)
  $effect(() => {
    const error = errorOf()
    if (!error || (describe && !error.bytes)) return
    const loading = error.bytes
      ? i18n.withWords(import('./limits/limit-description.ts')).then((module) => module.describeLimit)
      : i18n.withWords(import('./error-description.ts')).then((module) => module.describeError)
    loading.then(
      (loaded) => (describe = loaded),
      () => (failed = true),
    )
  })
  return {
    get text() {
      const error = errorOf()
      if (error && describe) return describe(error, i18n.locale)
      // The texts could not be loaded either.
      return error && failed ? i18n.of(uiWords).unreachable : ''
    },
  }
}
