import { beforeAll, expect, test } from 'vitest'
import type { Call } from '../call/Call.svelte.ts'
import type { Refusal } from '../call/publish/LocalMedia.svelte.ts'
import { noticesFor } from './notices.ts'
import { loadEveryLanguage } from '#lib/test/words.ts'

beforeAll(loadEveryLanguage)

const working = { wanted: true, on: true, blocked: null, stalled: false }
const newCall = (localMedia: object, rest: object = {}) =>
  ({
    localMedia: { mic: working, cam: working, refusal: null, ...localMedia },
    soundBlocked: false,
    devices: { notice: null },
    ...rest,
  }) as unknown as Call

test('a call without problems shows no notice', () => {
  expect(noticesFor(newCall({}), 'en')).toEqual([])
})

test.each<[Refusal, string, RegExp]>([
  [{ source: 'mic', code: 'call.limit' }, 'Your microphone is off.', /^Ваш микрофон выключен\.\s/],
  [{ source: 'cam', code: 'call.forbidden' }, 'The camera is off.', /^Камера выключена\.\s/],
  [
    { source: 'screen', code: 'call.media_refused' },
    'The screen is no longer shared.',
    /^Экран больше не\sпоказывают\.\s/,
  ],
])('a refused publication gets a notice with the reason, which can be dismissed: %o', (refusal, english, russian) => {
  const call = newCall({ refusal })
  const [notice] = noticesFor(call, 'en')
  expect(notice?.text).toMatch(new RegExp(`^${english}\\s[A-Z].+\\.$`))
  expect(noticesFor(call, 'ru')[0]?.text).toMatch(russian)
  notice?.dismiss?.()
  expect(noticesFor(call, 'en')).toEqual([])
})

test.each(['denied', 'missing', 'busy', 'system'] as const)(
  'the notice of a microphone that is %s has a button that opens it again',
  (blocked) => {
    const repaired: string[] = []
    const call = newCall({ mic: { ...working, blocked } }, { repair: (what: string) => repaired.push(what) })
    noticesFor(call, 'en')[0]?.act?.run()
    expect(repaired).toEqual(['mic'])
  },
)
