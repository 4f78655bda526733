import type { I18n } from '#lib/i18n/i18n.svelte.ts'
import { uiWords } from '#lib/ui/catalogue.ts'
import type { AppError } from './error.ts'

/**
 * The sentence of an error, for what is on the first screen: the sentences are fetched when something has gone wrong, because none of
 * them is needed before. Called while a component is set up.
 */
export function said(errorOf: () => AppError | null, i18n: I18n): { readonly text: string } {
  let sentences = $state.raw<typeof import('./sentence.ts') | null>(null)
  let failed = $state(false)
  $effect(() => {
    if (!errorOf() || sentences) return
    import('./sentence.ts').then(
      (module) => (sentences = module),
      () => (failed = true),
    )
  })
  return {
    get text() {
      const error = errorOf()
      if (error && sentences) return sentences.sentence(error, i18n.locale)
      // Not even this came through.
      return error && failed ? i18n.of(uiWords).unreachable : ''
    },
  }
}
