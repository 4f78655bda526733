import { createContext } from 'svelte'
import type { Locale } from '#lib/i18n/languages.ts'

/** Says what signing out would end, such as a call; null when there is nothing. If there is something, signing out asks for confirmation. */
export type ReasonToStay = (locale: Locale) => string | null

export const [getReasonToStay, setReasonToStay, hasReasonToStay] = createContext<ReasonToStay>()
