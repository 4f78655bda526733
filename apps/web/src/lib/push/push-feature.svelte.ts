import type { Feature } from '#lib/signed-in/feature.ts'
import { keepLocaleForWorker } from './worker-locale.ts'

/** What the service worker needs of the page to show notifications: the language of the person. */
export const pushFeature: Feature = {
  start: ({ session }) => ({
    follow() {
      const locale = $derived(session.me?.settings.locale)
      $effect(() => {
        if (locale) keepLocaleForWorker(locale).catch(() => undefined)
      })
    },
  }),
}
