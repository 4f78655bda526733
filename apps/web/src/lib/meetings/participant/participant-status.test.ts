import { beforeAll, expect, test } from 'vitest'
import type { Participant, QualityReason } from '../call/Participant.svelte.ts'
import { participantStatus } from './participant-status.ts'
import { loadEveryLanguage } from '#lib/test/words.ts'

beforeAll(loadEveryLanguage)

test.each<[QualityReason | null, string, string]>([
  ['loss', 'A part of what is sent gets lost on the way.', 'Часть данных теряется по дороге.'],
  [
    'bandwidth',
    'The network has too little room: the picture is smaller.',
    'Сети не хватает: картинка меньше обычной.',
  ],
  ['delay', 'What is sent arrives late.', 'Данные приходят с опозданием.'],
  [null, 'Sound and picture may break off.', 'Звук и картинка могут прерываться.'],
])(
  'a participant with a weak network has a status that gives the reason in words: %s',
  (qualityReason, english, russian) => {
    for (const quality of ['weak', 'bad'] as const) {
      const participant = newParticipant({ quality, qualityReason })
      expect(participantStatus(participant, 'en')).toEqual({ text: 'Weak network', why: english })
      expect(participantStatus(participant, 'ru')?.why.replaceAll('\u00a0', ' ')).toBe(russian)
    }
  },
)

test('a participant with a good network has no status, and one who is away is shown as away whatever their network was', () => {
  expect(participantStatus(newParticipant({ quality: 'good', qualityReason: null }), 'en')).toBeNull()
  const away = { ...newParticipant({ quality: 'bad', qualityReason: 'loss' }), away: true }
  expect(participantStatus(away, 'en')?.text).toBe('Away')
  expect(participantStatus({ ...away, quality: 'good' } as Participant, 'en')?.text).toBe('Away')
})

function newParticipant(network: object): Participant {
  return { away: false, ...network } as unknown as Participant
}
