import type { Locale } from '#lib/i18n/languages.ts'
import { wordsIn } from '#lib/i18n/words.ts'
import { callWords } from '../call-words.ts'
import type { Participant } from '../call/Participant.svelte.ts'

/** What is wrong with a participant's connection and why, in words; null: nothing is. */
export function participantStatus(
  { away, quality, qualityReason }: Participant,
  locale: Locale,
): { text: string; why: string } | null {
  const t = wordsIn(locale, callWords)
  if (away) return { text: t.away, why: t.awayWhy }
  if (quality === 'good') return null
  const reasons = { loss: t.weakLoss, delay: t.weakDelay, bandwidth: t.weakBandwidth }
  return { text: t.weak, why: qualityReason ? reasons[qualityReason] : t.weakSomehow }
}
