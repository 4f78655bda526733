import { expect, test } from 'vitest'
import type { Call } from '../call/Call.svelte.ts'
import type { Refusal } from '../call/publish/LocalMedia.svelte.ts'
import { hintsFor } from './hints.ts'

const quiet = { wanted: true, on: true, blocked: null, stalled: false }
const newCall = (localMedia: object, some: object = {}) =>
  ({
    localMedia: { mic: quiet, cam: quiet, refusal: null, ...localMedia },
    soundBlocked: false,
    devices: { notice: null },
    ...some,
  }) as unknown as Call

test('when all is well nothing is said', () => {
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
])('what the node does not take is said with its reason, and can be put away: %o', (refusal, english, russian) => {
  const call = newCall({ refusal })
  const [hint] = hintsFor(call, 'en')
  expect(hint?.text).toMatch(new RegExp(`^${english}\\s[A-Z].+\\.$`))
  expect(hintsFor(call, 'ru')[0]?.text).toMatch(russian)
  hint?.dismiss?.()
  expect(hintsFor(call, 'en')).toEqual([])
})

test.each(['denied', 'missing', 'busy', 'system'] as const)('a microphone that is %s can be opened anew', (blocked) => {
  const repaired: string[] = []
  const call = newCall({ mic: { ...quiet, blocked } }, { repair: (what: string) => repaired.push(what) })
  hintsFor(call, 'en')[0]?.act?.run()
  expect(repaired).toEqual(['mic'])
})
