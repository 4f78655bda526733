import { expect, test } from 'vitest'
import type { Call } from '../call/Call.svelte.ts'
import type { Refusal } from '../call/publish/LocalMedia.svelte.ts'
import { hintsFor } from './hints.ts'

const working = { wanted: true, on: true, blocked: null, stalled: false }
const newCall = (localMedia: object, rest: object = {}) =>
  ({
    localMedia: { mic: working, cam: working, refusal: null, ...localMedia },
    soundBlocked: false,
    devices: { notice: null },
    ...rest,
  }) as unknown as Call

test('a call without problems shows no hint', () => {
  expect(hintsFor(newCall({}), 'en')).toEqual([])
})

test.each<[Refusal, string, RegExp]>([
  [{ source: 'mic', code: 'call.limit' }, 'Your microphone is off.', /^Ваш микрофон выключен\.\s/],
  [{ source: 'cam', code: 'call.forbidden' }, 'The camera is off.', /^Камера выключена\.\s/],
  [
    { source: 'screen', code: 'call.media_refused' },
    'The screen is no longer shared.',
    /^Экран больше не\sпоказывают\.\s/,
  ],
])('a refused publication gets a hint with the reason, which can be dismissed: %o', (refusal, english, russian) => {
  const call = newCall({ refusal })
  const [hint] = hintsFor(call, 'en')
  expect(hint?.text).toMatch(new RegExp(`^${english}\\s[A-Z].+\\.$`))
  expect(hintsFor(call, 'ru')[0]?.text).toMatch(russian)
  hint?.dismiss?.()
  expect(hintsFor(call, 'en')).toEqual([])
})

test.each(['denied', 'missing', 'busy', 'system'] as const)(
  'the hint of a microphone that is %s has a button that opens it again',
  (blocked) => {
    const repaired: string[] = []
    const call = newCall({ mic: { ...working, blocked } }, { repair: (what: string) => repaired.push(what) })
    hintsFor(call, 'en')[0]?.act?.run()
    expect(repaired).toEqual(['mic'])
  },
)
