import { getI18n } from '#lib/i18n/i18n.svelte.ts'
import { getToasts } from '#lib/ui/overlay/toasts.svelte.ts'
import { appError } from './error.ts'
import { describeError } from './error-description.ts'

/** Gives a function that does something and shows a toast when it fails. Called while a component is set up. */
export function getErrorToast(): (work: () => Promise<unknown>) => Promise<void> {
  const toasts = getToasts()
  const i18n = getI18n()
  return async (work) => {
    try {
      await work()
    } catch (thrown) {
      toasts.show(describeError(appError(thrown), i18n.locale), { tone: 'danger' })
    }
  }
}
