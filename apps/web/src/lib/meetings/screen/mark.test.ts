import { expect, test } from 'vitest'
import type { QualityReason } from '../call/Participant.svelte.ts'
import { markOf } from './mark.ts'
import type { Participant } from '../call/Participant.svelte.ts'

test.each<[QualityReason | null, string, string]>([
  ['loss', 'A part of what is sent gets lost on the way.', 'Часть данных теряется по дороге.'],
  [
    'bandwidth',
    'The network has too little room: the picture is smaller.',
    'Сети не хватает: картинка меньше обычной.',
  ],
  ['delay', 'What is sent arrives late.', 'Данные приходят с опозданием.'],
  [null, 'Sound and picture may break off.', 'Звук и картинка могут прерываться.'],
])('a weak network is marked, and why is said in words: %s', (qualityReason, english, russian) => {
  for (const quality of ['weak', 'bad'] as const) {
    const anna = somebody({ quality, qualityReason })
    expect(markOf(anna, 'en')).toEqual({ text: 'Weak network', why: english })
    expect(markOf(anna, 'ru')?.why.replaceAll('\u00a0', ' ')).toBe(russian)
  }
})

test('a good network is no mark, and whoever is away is away, whatever their network was', () => {
  expect(markOf(somebody({ quality: 'good', qualityReason: null }), 'en')).toBeNull()
  const gone = { ...somebody({ quality: 'bad', qualityReason: 'loss' }), away: true }
  expect(markOf(gone, 'en')?.text).toBe('Away')
  expect(markOf({ ...gone, quality: 'good' } as Participant, 'en')?.text).toBe('Away')
})

function somebody(network: object): Participant {
  return { away: false, ...network } as unknown as Participant
}
