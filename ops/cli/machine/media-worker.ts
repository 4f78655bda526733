import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { download } from '../../mediasoup/download.ts'
import { prove } from '../../mediasoup/proof.ts'
import { build } from '../../mediasoup/recipe.ts'
import { workerName } from '../../mediasoup/name.ts'
import { checkout, isRelease } from '../env.ts'
import { cacheFolder } from './cache.ts'
import { whileLocked } from '../lock.ts'
import { errorCode, knownCause, reason, CommandError } from '../errors.ts'

/** Puts a worker into the draft folder and returns its path; undefined when this method does not work on this machine. */
export type WorkerSource = (draft: string) => Promise<string | undefined>

/** A cache of workers, shared by all checkouts of one account. `name` encodes version, machine and recipe. */
export type WorkerCache = { folder: string; name: string; sources: WorkerSource[] }

const binary = 'mediasoup-worker'
/** The worker that an unpacked release brings. */
export const releasedWorker = join(checkout, 'runtime', binary)

/** Returns the media worker to use: the one that was set, the cached one, the official binary, or one built here. */
export async function ensureMediaWorker(env = process.env, cache = defaultCache()): Promise<string> {
  const given = env['MEDIASOUP_WORKER_BIN']
  if (given) return accept(given)
  if (isRelease) return releasedWorker
  return cachedWorker(cache) ?? make(cache)
}

/** Finds a worker without the network or a compiler. */
export function findMediaWorker(env = process.env, cache = defaultCache()): string | undefined {
  return env['MEDIASOUP_WORKER_BIN'] || (isRelease ? releasedWorker : cachedWorker(cache))
}

function defaultCache(): WorkerCache {
  return { folder: join(cacheFolder(), 'media-worker'), name: workerName(), sources: [download, build] }
}

function accept(given: string) {
  if (starts(given)) return resolve(given)
  throw new CommandError(
    `MEDIASOUP_WORKER_BIN is "${given}", and no media worker starts there; without that setting it is fetched or built.`,
  )
}

/** A cached worker that no longer starts, for instance after an upgrade of system libraries, counts as missing. */
function cachedWorker({ folder, name }: WorkerCache) {
  const file = join(folder, name, binary)
  return existsSync(file) && starts(file) ? file : undefined
}

/** Without its environment variables the worker exits at once with a code of its own. */
export function starts(file: string) {
  return spawnSync(file, { env: {}, stdio: 'ignore', timeout: 20_000 }).status === 41
}

async function make(cache: WorkerCache) {
  try {
    mkdirSync(cache.folder, { recursive: true })
    const waiting = () => console.log('  another command is making the media worker; waiting for it')
    return await whileLocked(
      join(cache.folder, 'lock'),
      waiting,
      async () => cachedWorker(cache) ?? (await makeAlone(cache)),
    )
  } catch (error) {
    if (error instanceof CommandError || !errorCode(error)) throw error
    const cause = knownCause(reason(error)) ?? reason(error)
    throw new CommandError(
      `The media worker cannot be kept in ${cache.folder}: ${cause}. XDG_CACHE_HOME chooses another.`,
    )
  }
}

/** The worker gets its final name only after it has passed the proof. Leftovers of killed runs are removed. */
async function makeAlone({ folder, name, sources }: WorkerCache) {
  for (const left of readdirSync(folder)) if (left.endsWith('.draft')) rmSync(join(folder, left), { recursive: true })
  const draft = join(folder, `${name}.draft`)
  mkdirSync(draft)
  try {
    const made = await firstOf(sources, draft)
    mkdirSync(join(folder, name), { recursive: true })
    renameSync(made, join(folder, name, binary))
    return join(folder, name, binary)
  } finally {
    rmSync(draft, { recursive: true, force: true })
  }
}

async function firstOf(sources: WorkerSource[], draft: string) {
  for (const maker of sources) {
    const made = await maker(draft)
    if (!made) continue
    if (!starts(made)) throw new CommandError('The media worker was made, and does not start on this machine.')
    await prove(made)
    return made
  }
  throw new CommandError('There is no way to a media worker on this machine; MEDIASOUP_WORKER_BIN can name one.')
}
