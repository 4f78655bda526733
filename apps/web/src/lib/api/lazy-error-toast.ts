import { getI18n } from '#lib/i18n/i18n.svelte.ts'
import { getToasts } from '#lib/ui/overlay/toasts.svelte.ts'
import type { AppError } from './error.ts'

/**
 * Gives a function that shows an error as a toast. Its texts are loaded with the first error, because the first load does not need
 * them. Called while a component is set up.
 */
export function getLazyErrorToast(): (error: AppError) => Promise<void> {
  const toasts = getToasts()
  const i18n = getI18n()
  return async (error) => {
    const { describeError } = await i18n.withWords(import('./error-description.ts'))
    toasts.show(describeError(error, i18n.locale), { tone: 'danger' })
  }
}
