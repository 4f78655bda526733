import { beforeAll, expect, test } from 'vitest'
import { release } from '../release.ts'
import { allLoads, builtRelease, entryLoads, firstLoad, laterLoad, type Load, total } from './first-load.ts'

const KB = 1024
const isMediaLibrary = ({ name }: Load) => name === 'mediasoup'
/** The live stream has loaded it before anybody is in a call. */
const isSocketCode = ({ name }: Load) => name === 'wsLink'

/** `./veche test` builds the app before the tests. Building it here as well would cost twenty seconds of CPU. */
beforeAll(() => {
  if (builtRelease() === release()) return
  throw new Error('apps/web/build is not built from these sources: run "pnpm --dir apps/web build" or "./veche test".')
})

test('the first load of a chat is at most 90 KB of JavaScript, in any language', () => {
  const files = firstLoad(/\/chats\/\[id\]$/)
  expect(total(files), listed(files)).toBeLessThanOrEqual(90 * KB)
})

test('the first load of the sign-in page is at most 58 KB of JavaScript', () => {
  const files = firstLoad(/\/signin$/)
  expect(total(files), listed(files)).toBeLessThanOrEqual(58 * KB)
})

test('the page of a meeting link is at most 60 KB of JavaScript for somebody who is not signed in', () => {
  const files = firstLoad(/\/m\/\[code\]$/)
  expect(total(files), listed(files)).toBeLessThanOrEqual(60 * KB)
})

test('a call loads at most 52 KB of JavaScript beside the media library', () => {
  const files = laterLoad(/\/chats\/\[id\]$/, [/\/call\/\[id\]$/])
  expect(files.filter(isMediaLibrary), listed(files)).not.toEqual([])
  expect(files.filter(isSocketCode), listed(files)).not.toEqual([])
  const ours = files.filter((load) => !isMediaLibrary(load) && !isSocketCode(load))
  expect(total(ours), listed(files)).toBeLessThanOrEqual(52 * KB)
})

test('no script of the app is larger than 60 KB', () => {
  const [largest] = allLoads().toSorted((one, other) => other.bytes - one.bytes)
  expect(largest!.bytes, largest!.name).toBeLessThanOrEqual(60 * KB)
})

test('the media library is not part of the first load of any page outside of a call', () => {
  for (const route of [/\/chats\/\[id\]$/, /\/signin$/, /\/meetings$/, /\/m\/\[code\]$/])
    expect(firstLoad(route).filter(isMediaLibrary)).toEqual([])
})

test('Kit is loaded after the page has told it where it stands', () => {
  expect(entryLoads()).toContain('entry/payload')
  expect(entryLoads()).not.toContain('kit')
})

function listed(files: Load[]): string {
  const lines = files.map(({ name, file, bytes }) => `${(bytes / KB).toFixed(1).padStart(6)} KB  ${file} ${name}`)
  return [`${(total(files) / KB).toFixed(1)} KB in all`, ...lines].join('\n')
}
