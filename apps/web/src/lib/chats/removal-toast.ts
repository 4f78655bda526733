import { getI18n } from '#lib/i18n/i18n.svelte.ts'
import { wordsIn } from '#lib/i18n/words.ts'
import { getToasts } from '#lib/ui/overlay/toasts.svelte.ts'
import type { Removal } from './chats.svelte.ts'

/** More of a title would hide what has happened. */
const MAX_TITLE = 60

/** Gives a function that tells of a removal and lets what was not sent be copied. Called while a component is set up. */
export function getRemovalToast(): (removal: Removal) => Promise<void> {
  const toasts = getToasts()
  const i18n = getI18n()
  return async ({ title: whole, unsent }) => {
    const title = whole.length > MAX_TITLE ? `${whole.slice(0, MAX_TITLE).trimEnd()}…` : whole
    const { groupWords } = await i18n.withWords(import('./group-words.ts'))
    const t = wordsIn(i18n.locale, groupWords)
    const copy = () =>
      navigator.clipboard.writeText(unsent).then(
        () => toasts.show(t.textCopied),
        () => toasts.show(unsent),
      )
    if (unsent)
      toasts.show(t.removedUnsent({ title }), { action: { label: t.copyText, act: () => void copy() }, stays: true })
    else toasts.show(t.removedFrom({ title }))
  }
}
