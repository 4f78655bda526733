import { execFileSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { newFolder } from '../../test/folder.ts'
import { findMediaWorker, ensureMediaWorker, type WorkerSource, type WorkerCache } from './media-worker.ts'

const real = findMediaWorker()
/** Exits like the real worker when it has no environment, and otherwise runs the real one. */
const good = `#!/bin/sh\n[ -n "$MEDIASOUP_VERSION" ] || exit 41\nexec ${real} "$@"\n`

function program(folder: string, text: string) {
  const file = join(folder, 'program')
  writeFileSync(file, text)
  chmodSync(file, 0o755)
  return file
}

function newCache(...sources: WorkerSource[]): WorkerCache {
  return { folder: join(newFolder(), 'cache'), name: 'one', sources }
}

const makes =
  (text = good): WorkerSource =>
  async (draft) =>
    program(draft, text)
const cannot: WorkerSource = async () => undefined
const mustNot: WorkerSource = () => Promise.reject(new Error('nobody should have asked'))

test('MEDIASOUP_WORKER_BIN wins, and a worker that does not start is named in the error', async () => {
  const given = program(newFolder(), good)
  expect(await ensureMediaWorker({ MEDIASOUP_WORKER_BIN: given }, newCache(mustNot))).toBe(given)
  await expect(ensureMediaWorker({ MEDIASOUP_WORKER_BIN: '/nowhere' }, newCache(mustNot))).rejects.toThrow(
    'MEDIASOUP_WORKER_BIN is "/nowhere", and no media worker starts there',
  )
})

test('when one method of getting a worker fails, the next is tried, and its result is cached', async () => {
  const cache = newCache(cannot, makes())
  const made = await ensureMediaWorker({}, cache)
  expect(made).toBe(join(cache.folder, 'one/mediasoup-worker'))
  expect(await ensureMediaWorker({}, { ...cache, sources: [mustNot] })).toBe(made)
  expect(findMediaWorker({}, cache)).toBe(made)
  expect(readdirSync(cache.folder).sort()).toEqual(['lock', 'one'])
})

test('another version, machine, distribution or recipe gives the worker another name', async () => {
  const { nameOf } = await import('../../mediasoup/name.ts')
  const names = [
    nameOf('3.0.0', 'x64', 'debian 12', [['recipe', 'a']]),
    nameOf('3.0.1', 'x64', 'debian 12', [['recipe', 'a']]),
    nameOf('3.0.0', 'arm64', 'debian 12', [['recipe', 'a']]),
    nameOf('3.0.0', 'x64', 'debian 13', [['recipe', 'a']]),
    nameOf('3.0.0', 'x64', 'debian 12', [['recipe', 'b']]),
  ]
  expect(new Set(names).size).toBe(names.length)
  expect(nameOf('3.0.0', 'x64', 'debian 12', [['recipe', 'a']])).toBe(names[0])
})

test('a cached worker that no longer starts is made again', async () => {
  const cache = newCache(makes())
  const made = await ensureMediaWorker({}, cache)
  writeFileSync(made, '#!/bin/sh\nexit 127\n')
  expect(findMediaWorker({}, cache)).toBeUndefined()
  expect(await ensureMediaWorker({}, cache)).toBe(made)
})

test('a program that does not start, or is no media worker, is never cached', async () => {
  const lame = newCache(makes('#!/bin/sh\nexit 127\n'))
  await expect(ensureMediaWorker({}, lame)).rejects.toThrow('does not start on this machine')
  const impostor = newCache(makes('#!/bin/sh\nexit 41\n'))
  await expect(ensureMediaWorker({}, impostor)).rejects.toThrow('mediasoup cannot start it')
  for (const { folder } of [lame, impostor]) expect(readdirSync(folder)).toEqual(['lock'])
})

test('a half-made worker of a killed run is not used and is removed', async () => {
  const cache = newCache(makes())
  mkdirSync(join(cache.folder, 'one.draft'), { recursive: true })
  program(join(cache.folder, 'one.draft'), good)
  mkdirSync(join(cache.folder, 'older.draft'))
  expect(findMediaWorker({}, cache)).toBeUndefined()
  await ensureMediaWorker({}, cache)
  expect(readdirSync(cache.folder).sort()).toEqual(['lock', 'one'])
})

test('of two commands at once, one makes the worker and the other waits and uses it', async () => {
  let at = 0
  const slowly = Promise.withResolvers<undefined>()
  const maker: WorkerSource = async (draft) => {
    at++
    await slowly.promise
    return program(draft, good)
  }
  const cache = newCache(maker)
  const both = [ensureMediaWorker({}, cache), ensureMediaWorker({}, { ...cache, sources: [mustNot] })]
  slowly.resolve(undefined)
  expect(new Set(await Promise.all(both)).size).toBe(1)
  expect(at).toBe(1)
})

test('a failure to make the worker gives one sentence, and the next try can succeed', async () => {
  const full: WorkerSource = async () => {
    throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' })
  }
  const cache = newCache(full)
  await expect(ensureMediaWorker({}, cache)).rejects.toThrow(
    `The media worker cannot be kept in ${cache.folder}: the disk is full. XDG_CACHE_HOME chooses another.`,
  )
  expect(existsSync(await ensureMediaWorker({}, { ...cache, sources: [makes()] }))).toBe(true)
})

test('a cache folder that cannot be created is reported with the setting that chooses another', async () => {
  const file = program(newFolder(), '')
  await expect(ensureMediaWorker({}, { folder: join(file, 'cache'), name: 'one', sources: [mustNot] })).rejects.toThrow(
    /cannot be kept in .*XDG_CACHE_HOME/,
  )
})

test('when no method gives a worker, the error says so in one sentence', async () => {
  await expect(ensureMediaWorker({}, newCache(cannot))).rejects.toThrow(
    'There is no way to a media worker on this machine',
  )
})

test('the media worker in use does SRTP with OpenSSL', () => {
  expect(execFileSync('ldd', [real!], { encoding: 'utf8' })).not.toContain('libnss3')
})
