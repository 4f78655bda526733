import { firstLocale } from '#lib/i18n/languages.ts'
import { loadWords } from '#lib/i18n/words.ts'
import { leaveLayerEntries } from '#lib/ui/overlay/layer-depth.ts'

// The words are fetched together with the first page. If that fails, I18n tries again.
loadWords(firstLocale()).catch(() => undefined)

export const init = leaveLayerEntries
