import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { SessionId, UserId } from '@veche/shared/ids'
import type { Api } from '#lib/api/client.ts'
import type { Me } from '#lib/session/browser-data.ts'
import { Session } from '#lib/session/session.svelte.ts'
import { FakeBrowser } from '../../../test/browser.ts'
import type { Feature } from './feature.ts'
import { SignedIn } from './SignedIn.svelte.ts'
import { SignedInApp } from './SignedInApp.svelte.ts'

let browser: FakeBrowser
beforeEach(() => {
  browser = new FakeBrowser()
})
afterEach(() => browser.remove())

test('the app begins with a sign-in, is the same until the sign-out, and ends before the data is wiped', async () => {
  const { session, signedIn, uploads } = newTab()
  expect(signedIn.app).toBeNull()
  await session.enter(person('anna'))
  await opened(signedIn)
  await storeOpened(signedIn)
  const { app } = signedIn
  uploads[0]!.sent = 7
  await session.check()
  await signedIn.open()
  expect([signedIn.app, uploads.length, uploads[0]]).toEqual([app, 1, { of: 'anna', sent: 7, wipedAtEnd: null }])
  await session.signOut()
  expect([signedIn.app, uploads[0]]).toEqual([null, { of: 'anna', sent: 7, wipedAtEnd: false }])
  expect(await indexedDB.databases()).toEqual([])
})

test('people who sign in and out after each other in one tab leave neither listeners nor databases, and find nothing of each other', async () => {
  const { session, signedIn, uploads } = newTab()
  const left: string[][] = []
  for (const name of ['anna', 'boris', 'anna']) {
    const me = person(name)
    await session.enter(me)
    await opened(signedIn)
    expect([signedIn.app!.live.me, signedIn.app!.chats.list]).toEqual([me.user.id, []])
    await storeOpened(signedIn)
    expect(browser.listeners.length).toBeGreaterThan(left.at(-1)?.length ?? 0)
    await session.signOut()
    expect(await indexedDB.databases()).toEqual([])
    left.push(browser.listeners)
    session.state = 'out'
  }
  expect(left).toEqual([left[0], left[0], left[0]])
  expect(uploads.map(({ of, sent }) => [of, sent])).toEqual([
    ['anna', 0],
    ['boris', 0],
    ['anna', 0],
  ])
})

test('when somebody else signs in, the app of the person before ends, and the page is loaded anew', async () => {
  const { session, signedIn, uploads } = newTab()
  await session.enter(person('anna'))
  await storeOpened(signedIn)
  await session.enter(person('boris'))
  expect([signedIn.app, uploads[0]!.wipedAtEnd, uploads.length, browser.reloads]).toEqual([null, false, 1, 1])
})

test('an app whose store is still being opened at the sign-out is closed as soon as it is open', async () => {
  const { session, signedIn } = newTab()
  const before = browser.listeners
  await session.enter(person('anna'))
  await opened(signedIn)
  const { started } = signedIn.app!
  await session.signOut()
  await started
  expect(browser.listeners).toEqual(before)
})

test('a feature says what a sign-out would end', async () => {
  const { session, signedIn, uploads } = newTab()
  await session.enter(person('anna'))
  await opened(signedIn)
  expect(signedIn.app!.reasonToStay('en')).toBeNull()
  uploads[0]!.sent = 7
  expect(signedIn.app!.reasonToStay('en')).toBe('7 bytes are sent')
  await storeOpened(signedIn)
  await session.signOut()
})

test('code that arrives after the sign-out opens nothing', async () => {
  const code = Promise.withResolvers<void>()
  const { session, signedIn, uploads } = newTab(() => code.promise)
  await session.enter(person('anna'))
  const opening = signedIn.open()
  await session.signOut()
  code.resolve()
  await opening
  expect([signedIn.app, uploads]).toEqual([null, []])
})

test('an app whose code cannot be loaded says so, and opens when it is tried again', async () => {
  vi.spyOn(console, 'error').mockImplementationOnce(() => undefined)
  let online = false
  const { session, signedIn } = newTab(async () => {
    if (!online) throw new TypeError('Failed to fetch')
  })
  await session.enter(person('anna'))
  await expect.poll(() => signedIn.failed).toBe(true)
  online = true
  await signedIn.open()
  expect([signedIn.failed, signedIn.app !== null]).toEqual([false, true])
  await storeOpened(signedIn)
  await session.signOut()
})

test('a guest has a session and no app', async () => {
  const { session, signedIn, uploads } = newTab()
  await session.enter({ ...person('gustav'), kind: 'guest' })
  await signedIn.open()
  expect([session.isGuest, signedIn.app, uploads]).toEqual([true, null, []])
})

const OF_THE_PERSON = 'veche.draft'

/** What an upload would keep: it must survive navigation. */
type Upload = { of: string; sent: number; wipedAtEnd: boolean | null }

/** The root of a tab, with a feature that keeps an upload. */
function newTab(loadCode: () => Promise<void> = async () => undefined) {
  const uploads: Upload[] = []
  const uploadFeature: Feature = {
    start({ session }) {
      const upload: Upload = { of: session.me?.user.name ?? '', sent: 0, wipedAtEnd: null }
      uploads.push(upload)
      localStorage.setItem(OF_THE_PERSON, 'secret')
      return {
        reasonToStay: () => (upload.sent ? `${upload.sent} bytes are sent` : null),
        end: () => void (upload.wipedAtEnd = localStorage.getItem(OF_THE_PERSON) === null),
      }
    },
  }
  const session: Session = new Session(() => api(() => session.me))
  const signedIn = new SignedIn(session, async () => {
    await loadCode()
    return (of) => new SignedInApp(of, [uploadFeature])
  })
  signedIn.start()
  return { session, signedIn, uploads }
}

async function opened(signedIn: SignedIn): Promise<void> {
  await expect.poll(() => signedIn.app !== null).toBe(true)
}

async function storeOpened(signedIn: SignedIn): Promise<void> {
  await expect.poll(() => signedIn.app?.live.client ?? null).not.toBeNull()
}

function api(me: () => Me | null): Api {
  return { auth: { me: { query: async () => me() }, signOut: { mutate: async () => ({}) } } } as unknown as Api
}

function person(name: string): Me {
  const id = `${name}-id` as UserId
  const settings = { locale: 'en', theme: 'system', contrast: 'system', singleKeys: true, rev: 3 } as const
  return {
    user: { id, handle: name, name, role: 'member', disabledAt: null, rev: 5 },
    kind: 'person',
    settings: { userId: id, email: `${name}@example.org`, ...settings },
    sessionId: `${name}-session` as SessionId,
    serverName: 'Veche',
  }
}
