import type { Catalogue, Locale } from '#lib/i18n/catalogue.ts'
import { callWords } from './catalogue.ts'
import type { Participant } from '../call/Participant.svelte.ts'

type Words = (typeof callWords)['en']

/** What is wrong with the way to somebody, and why, in words. */
export function markOf(
  { away, quality, qualityReason }: Participant,
  locale: Locale,
): { text: string; why: string } | null {
  const t = (callWords as Catalogue<Words>)[locale]
  if (away) return { text: t.away, why: t.awayWhy }
  if (quality === 'good') return null
  const reasons = { loss: t.weakLoss, delay: t.weakDelay, bandwidth: t.weakBandwidth }
  return { text: t.weak, why: qualityReason ? reasons[qualityReason] : t.weakSomehow }
}
