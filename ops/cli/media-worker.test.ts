import { execFileSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { newFolder } from '../test/folder.ts'
import { findMediaWorker, needMediaWorker, type Maker, type Shelf } from './media-worker.ts'

const real = findMediaWorker()
/** Answers as the real one does to a call without its environment, and is it otherwise. */
const good = `#!/bin/sh\n[ -n "$MEDIASOUP_VERSION" ] || exit 41\nexec ${real} "$@"\n`

function program(folder: string, text: string) {
  const file = join(folder, 'program')
  writeFileSync(file, text)
  chmodSync(file, 0o755)
  return file
}

function shelf(...makers: Maker[]): Shelf {
  return { folder: join(newFolder(), 'shelf'), name: 'one', makers }
}

const makes =
  (text = good): Maker =>
  async (draft) =>
    program(draft, text)
const cannot: Maker = async () => undefined
const mustNot: Maker = () => Promise.reject(new Error('nobody should have asked'))

test('a given worker wins, and one that does not start is named', async () => {
  const given = program(newFolder(), good)
  expect(await needMediaWorker({ MEDIASOUP_WORKER_BIN: given }, shelf(mustNot))).toBe(given)
  await expect(needMediaWorker({ MEDIASOUP_WORKER_BIN: '/nowhere' }, shelf(mustNot))).rejects.toThrow(
    'MEDIASOUP_WORKER_BIN is "/nowhere", and no media worker starts there',
  )
})

test('what one way cannot do the next one does, and then it is never done again', async () => {
  const place = shelf(cannot, makes())
  const made = await needMediaWorker({}, place)
  expect(made).toBe(join(place.folder, 'one/mediasoup-worker'))
  expect(await needMediaWorker({}, { ...place, makers: [mustNot] })).toBe(made)
  expect(findMediaWorker({}, place)).toBe(made)
  expect(readdirSync(place.folder).sort()).toEqual(['lock', 'one'])
})

test('another version, machine, distribution or recipe is another worker', async () => {
  const { nameOf } = await import('../mediasoup/name.ts')
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

test('a worker that stopped starting is made anew', async () => {
  const place = shelf(makes())
  const made = await needMediaWorker({}, place)
  writeFileSync(made, '#!/bin/sh\nexit 127\n')
  expect(findMediaWorker({}, place)).toBeUndefined()
  expect(await needMediaWorker({}, place)).toBe(made)
})

test('what does not start, or starts and is no worker, is never kept', async () => {
  const lame = shelf(makes('#!/bin/sh\nexit 127\n'))
  await expect(needMediaWorker({}, lame)).rejects.toThrow('does not start on this machine')
  const impostor = shelf(makes('#!/bin/sh\nexit 41\n'))
  await expect(needMediaWorker({}, impostor)).rejects.toThrow('mediasoup cannot start it')
  for (const { folder } of [lame, impostor]) expect(readdirSync(folder)).toEqual(['lock'])
})

test('what a killed run left half-done is not used and swept away', async () => {
  const place = shelf(makes())
  mkdirSync(join(place.folder, 'one.draft'), { recursive: true })
  program(join(place.folder, 'one.draft'), good)
  mkdirSync(join(place.folder, 'older.draft'))
  expect(findMediaWorker({}, place)).toBeUndefined()
  await needMediaWorker({}, place)
  expect(readdirSync(place.folder).sort()).toEqual(['lock', 'one'])
})

test('of two at once one works, and the other waits and uses what it made', async () => {
  let at = 0
  const slowly = Promise.withResolvers<undefined>()
  const maker: Maker = async (draft) => {
    at++
    await slowly.promise
    return program(draft, good)
  }
  const place = shelf(maker)
  const both = [needMediaWorker({}, place), needMediaWorker({}, { ...place, makers: [mustNot] })]
  slowly.resolve(undefined)
  expect(new Set(await Promise.all(both)).size).toBe(1)
  expect(at).toBe(1)
})

test('a failure says why in one sentence, and leaves the way free for the next time', async () => {
  const full: Maker = async () => {
    throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' })
  }
  const place = shelf(full)
  await expect(needMediaWorker({}, place)).rejects.toThrow(
    `The media worker cannot be kept in ${place.folder}: the disk is full. XDG_CACHE_HOME chooses another.`,
  )
  expect(existsSync(await needMediaWorker({}, { ...place, makers: [makes()] }))).toBe(true)
})

test('a cache that cannot be made is told, with the setting that chooses another', async () => {
  const file = program(newFolder(), '')
  await expect(needMediaWorker({}, { folder: join(file, 'shelf'), name: 'one', makers: [mustNot] })).rejects.toThrow(
    /cannot be kept in .*XDG_CACHE_HOME/,
  )
})

test('without any way there is a sentence', async () => {
  await expect(needMediaWorker({}, shelf(cannot))).rejects.toThrow('There is no way to a media worker on this machine')
})

test('the worker in use carries SRTP on OpenSSL', () => {
  expect(execFileSync('ldd', [real!], { encoding: 'utf8' })).not.toContain('libnss3')
})
