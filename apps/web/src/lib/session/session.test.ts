import { afterEach, beforeEach, expect, test } from 'vitest'
import type { SessionId, UserId } from '@veche/shared/ids'
import type { Api, ApiOptions } from '#lib/api/client.ts'
import { AppError } from '#lib/api/error.ts'
import { FakeBrowser } from '../../../test/browser.ts'
import type { Me } from './browser-data.ts'
import { Session } from './session.svelte.ts'

let browser: FakeBrowser
beforeEach(() => {
  browser = new FakeBrowser()
})
afterEach(() => browser.remove())

const anna = person('anna')
const boris = person('boris')

test('without a network the app opens with the person who was signed in last', async () => {
  await session({ me: async () => anna }).start()
  const offline = session({ me: unreachable })
  await offline.start()
  expect(offline.state).toBe('in')
  expect(offline.me?.user.name).toBe('anna')
})

test('without a network and without a person who was signed in before, the server is unreachable', async () => {
  const fresh = session({ me: unreachable })
  await fresh.start()
  expect(fresh.state).toBe('unreachable')
})

test('a sign-in whose cookie the browser does not keep is an error, and nobody is signed in', async () => {
  const here = session({ me: async () => null })
  await here.start()
  await expect(here.open(async () => anna)).rejects.toThrow('browser.no_cookie')
  expect([here.state, here.me]).toEqual(['out', null])
})

test('a sign-in counts although the network ends right after it', async () => {
  const here = session({ me: unreachable })
  await here.start()
  await here.open(async () => anna)
  expect([here.state, here.me?.user.name]).toEqual(['in', 'anna'])
})

test('an account is new in the tab that made it, until somebody signs in there', async () => {
  const here = session({ me: async () => anna })
  await here.start()
  expect(here.isNewAccount).toBe(false)
  await here.open(async () => anna, { isNewAccount: true })
  expect(here.isNewAccount).toBe(true)
  await here.open(async () => anna)
  expect(here.isNewAccount).toBe(false)
})

test('every request says to whom the tab belongs; when the cookie has become that of somebody else, the page is loaded anew and nothing is wiped', async () => {
  await session({ me: async () => anna }).start()
  const options: { given?: ApiOptions } = {}
  let whose = anna
  const here = new Session((given) => {
    options.given = given
    return api({ me: async () => whose })
  })
  await here.start()
  expect(options.given?.personOfTab()).toBe('anna-id')
  whose = boris
  options.given?.onOtherPerson()
  await expect.poll(() => browser.reloads).toBe(1)
  expect(options.given?.personOfTab()).toBe('anna-id')
})

test('when the server knows no session the person is signed out, and their data is wiped', async () => {
  await session({ me: async () => anna }).start()
  await database('veche-anna').then((open) => open.close())
  browser.caches.set('avatars', {}).set('workbox-precache-v2', {})
  localStorage.setItem('veche.theme', 'dark')
  localStorage.setItem('veche.draft', 'secret')
  sessionStorage.setItem('anything', 'secret')

  const again = session({ me: async () => null })
  await again.start()
  expect(again.me).toBeNull()
  expect(browser.visited).toEqual(['/signin'])
  expect(Object.keys(localStorage)).toEqual(['veche.theme'])
  expect(Object.keys(sessionStorage)).toEqual([])
  expect(await databases()).toEqual([])
  expect([...browser.caches.keys()]).toEqual(['workbox-precache-v2'])
})

test('a session that is ended elsewhere leaves the messages that were never sent, and nothing else', async () => {
  await session({ me: async () => anna }).start()
  await keep('veche-anna', { outbox: 'written on the train', attachments: 'a film', messages: 'secret' })
  await session({ me: async () => null }).start()
  expect(await kept('veche-anna')).toEqual({ outbox: ['written on the train'], attachments: ['a film'], messages: [] })
  expect(localStorage.getItem('veche.wiping')).toBeNull()
})

test('a voice message that was recorded and not sent stays too, also without other unsent messages', async () => {
  await session({ me: async () => anna }).start()
  await keep('veche-anna', { outbox: null, voiceParts: 'a second of a song', messages: 'secret' })
  await session({ me: async () => null }).start()
  expect(await kept('veche-anna')).toEqual({ outbox: [], voiceParts: ['a second of a song'], messages: [] })
})

test('signing out wipes everything, unsent messages included', async () => {
  const here = session({ me: async () => anna, signOut: async () => ({}) })
  await here.start()
  await keep('veche-anna', { outbox: 'never mind', attachments: 'a film', messages: 'secret' })
  await here.signOut()
  expect(await databases()).toEqual([])
})

test('signing out wipes everything, also when the live stream tells of the end before the answer', async () => {
  let tell = () => {}
  const signOut = async () => {
    tell()
    return {}
  }
  const here = new Session(({ onSignedOut }) => {
    tell = onSignedOut
    return api({ me: async () => anna, signOut })
  })
  await here.start()
  await keep('veche-anna', { outbox: 'never mind', messages: 'secret' })
  await here.signOut()
  await expect.poll(() => browser.visited).toEqual(['/signin'])
  expect(await databases()).toEqual([])
})

test('signing out closes the database before it is wiped', async () => {
  const here = session({ me: async () => anna, signOut: async () => ({}) })
  await here.start()
  const open = await database('veche-anna')
  here.onClose(() => open.close())
  await here.signOut()
  expect(await databases()).toEqual([])
  expect(browser.visited).toEqual(['/signin'])
})

test('a database that another tab keeps open is wiped at the next start', async () => {
  const here = session({ me: async () => anna, signOut: async () => ({}) })
  await here.start()
  const held = await database('veche-anna')
  await here.signOut()
  expect(localStorage.getItem('veche.wiping')).not.toBeNull()
  held.close()
  await database('veche-late').then((late) => late.close())
  await session({ me: async () => null }).start()
  expect(await databases()).toEqual([])
  expect(localStorage.getItem('veche.wiping')).toBeNull()
})

test('signing out without the server fails and changes nothing, because the session would go on there', async () => {
  const here = session({ me: async () => anna, signOut: unreachable })
  await here.start()
  await expect(here.signOut()).rejects.toMatchObject({ code: 'network.unreachable' })
  expect(here.state).toBe('in')
  expect(localStorage.getItem('veche.me')).not.toBeNull()
})

test('signing out of a session that is already over succeeds', async () => {
  const here = session({
    me: async () => anna,
    signOut: async () => {
      throw new AppError('auth.required')
    },
  })
  await here.start()
  await here.signOut()
  expect([here.me, browser.visited]).toEqual([null, ['/signin']])
})

test('during a wipe no person is signed in, neither by a late answer nor by another tab', async () => {
  const answer = Promise.withResolvers<Me>()
  const here = session({ me: () => answer.promise })
  localStorage.setItem('veche.me', JSON.stringify(anna))
  const started = here.start()
  const closed = Promise.withResolvers<void>()
  here.onClose(() => closed.promise)
  const signedOut = here.signOut()
  await expect.poll(() => here.state).toBe('ending')
  answer.resolve(anna)
  await started
  localStorage.setItem('veche.me', JSON.stringify(boris))
  browser.storageEvent('veche.me')
  expect([here.state, here.me]).toEqual(['ending', null])
  closed.resolve()
  await signedOut
  expect([localStorage.getItem('veche.me'), browser.visited]).toEqual([null, ['/signin']])
})

test('a person who signs in after another one finds none of their data', async () => {
  await session({ me: async () => anna }).start()
  await database('veche-anna').then((open) => open.close())
  const here = session({ me: async () => boris })
  await here.start()
  expect(await databases()).toEqual([])
  expect(browser.reloads).toBe(1)
  expect(localStorage.getItem('veche.me')).toContain('boris')
})

test('a tab signs out when another tab does', async () => {
  const here = session({ me: async () => anna })
  await here.start()
  localStorage.removeItem('veche.me')
  browser.storageEvent('veche.me')
  await expect.poll(() => browser.visited).toEqual(['/signin'])
  expect(here.me).toBeNull()
})

test('any answer that says the session is over ends it', async () => {
  let tell = () => {}
  const here = new Session(({ onSignedOut }) => {
    tell = onSignedOut
    return api({ me: async () => anna })
  })
  await here.start()
  tell()
  tell()
  await expect.poll(() => browser.visited).toEqual(['/signin'])
})

test('an older row of mine never replaces a newer one', async () => {
  const here = session({ me: async () => anna })
  await here.start()
  here.merge({ user: { ...anna.user, name: 'Anna K', rev: 7 }, settings: { ...anna.settings, theme: 'dark', rev: 4 } })
  here.merge({ user: { ...anna.user, name: 'old', rev: 6 }, settings: { ...anna.settings, theme: 'light', rev: 4 } })
  here.merge({ user: { ...boris.user, rev: 99 } })
  expect(here.me?.user.name).toBe('Anna K')
  expect(here.me?.settings.theme).toBe('dark')
  expect(localStorage.getItem('veche.me')).toContain('Anna K')
})

test('what follows the sessions of a tab is opened once for each of them, and closed before the data is wiped', async () => {
  const here = session({ me: async () => anna, signOut: async () => ({}) })
  const seen: string[] = []
  const follower = {
    open: () => void seen.push(`opened for ${here.me?.user.name}`),
    close: async () => void seen.push(`closed with ${localStorage.getItem('veche.wiping')}`),
  }
  const stop = here.follow(follower)
  await here.start()
  await here.check()
  await here.signOut()
  expect(seen).toEqual(['opened for anna', 'closed with all'])
  stop()
  const next = session({ me: async () => boris })
  await next.start()
  next.follow(follower)
  expect(seen).toHaveLength(3)
})

test('what a session has registered to close is closed once', async () => {
  const here = session({ me: async () => anna, signOut: async () => ({}) })
  await here.start()
  let closed = 0
  here.onClose(() => void (closed += 1))
  await here.enter(boris)
  await here.enter(anna)
  expect(closed).toBe(1)
})

test('a guest has a session and no account', async () => {
  const guest = session({ me: async () => ({ ...anna, kind: 'guest' }) })
  await guest.start()
  expect([guest.state, guest.isGuest, guest.hasAccount]).toEqual(['in', true, false])
  const here = session({ me: async () => anna })
  await here.start()
  expect([here.isGuest, here.hasAccount]).toEqual([false, true])
})

test('a stored person that cannot be parsed is ignored', async () => {
  localStorage.setItem('veche.me', '{"user":')
  const here = session({ me: unreachable })
  await here.start()
  expect(here.state).toBe('unreachable')
})

type Auth = { me: () => Promise<Me | null>; signOut?: () => Promise<Record<string, never>> }

function session(auth: Auth): Session {
  return new Session(() => api(auth))
}

function api({ me, signOut = async () => ({}) }: Auth): Api {
  return { auth: { me: { query: me }, signOut: { mutate: signOut } } } as unknown as Api
}

async function unreachable(): Promise<never> {
  throw new AppError('network.unreachable')
}

function person(name: string): Me {
  const id = `${name}-id` as UserId
  return {
    user: { id, handle: name, name, role: 'member', disabledAt: null, rev: 5 },
    settings: {
      userId: id,
      email: `${name}@example.org`,
      locale: 'en',
      theme: 'system',
      contrast: 'system',
      singleKeys: true,
      rev: 3,
    },
    kind: 'person',
    sessionId: `${name}-session` as SessionId,
    serverName: 'Veche',
  }
}

function database(name: string): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(name)
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
  })
}

async function databases(): Promise<(string | undefined)[]> {
  return (await indexedDB.databases()).map(({ name }) => name)
}

/** A database with one entry in each of these stores, or none. */
async function keep(name: string, entries: Record<string, string | null>): Promise<void> {
  const request = indexedDB.open(name, 1)
  request.onupgradeneeded = () => {
    for (const store of Object.keys(entries)) request.result.createObjectStore(store, { autoIncrement: true })
  }
  await settled(request)
  const tx = request.result.transaction(Object.keys(entries), 'readwrite')
  for (const [store, entry] of Object.entries(entries))
    if (entry !== null) await settled(tx.objectStore(store).add(entry))
  request.result.close()
}

async function kept(name: string): Promise<Record<string, unknown[]>> {
  const open = await database(name)
  const stores = [...open.objectStoreNames]
  const tx = open.transaction(stores)
  const entries = await Promise.all(
    stores.map(async (store) => [store, await settled(tx.objectStore(store).getAll())] as const),
  )
  open.close()
  return Object.fromEntries(entries)
}

function settled<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
  })
}
