import type { I18n } from '#lib/i18n/i18n.svelte.ts'
import { wordsIn } from '#lib/i18n/words.ts'
import type { Toasts } from '#lib/ui/overlay/toasts.svelte.ts'
import { groupWords } from './group-words.ts'
import type { Removal } from './chats.svelte.ts'

/** More of a title would hide what has happened. */
const MAX_TITLE = 60

/** Tells of a removal, and lets what was not sent be copied. */
export function showRemoval(toasts: Toasts, i18n: I18n, { title: whole, unsent }: Removal): void {
  const title = whole.length > MAX_TITLE ? `${whole.slice(0, MAX_TITLE).trimEnd()}…` : whole
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
