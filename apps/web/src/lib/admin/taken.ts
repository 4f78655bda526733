import type { Locale } from '#lib/i18n/languages.ts'
import type { WordsIn } from '#lib/i18n/words.ts'

type Tone = 'plain' | 'warn' | 'danger'

export function takenTone(part: number, isNear: boolean): Tone {
  if (part >= 1) return 'danger'
  return isNear ? 'warn' : 'plain'
}

/** How much of a limit is taken, with a warning where it is nearly all of it. A little more than nothing is never 0 %. */
export function takenText(locale: Locale, t: WordsIn<'admin'>, part: number, isNear: boolean): string {
  const shown = part >= 1 ? part : Math.min(part, 0.99)
  const maximumSignificantDigits = shown < 0.01 ? 1 : 2
  const percent = new Intl.NumberFormat(locale, { style: 'percent', maximumSignificantDigits }).format(shown)
  if (part >= 1) return t.filesFull({ percent })
  return isNear ? t.filesNear({ percent }) : t.filesTaken({ percent })
}
