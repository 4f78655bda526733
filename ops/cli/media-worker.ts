import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { download } from '../mediasoup/download.ts'
import { prove } from '../mediasoup/proof.ts'
import { build } from '../mediasoup/recipe.ts'
import { workerName } from '../mediasoup/name.ts'
import { cacheFolder } from './cache.ts'
import { whileLocked } from './lock.ts'
import { errorCode, knownCause, reason, Trouble } from './trouble.ts'

/** Puts a worker into the draft folder and answers its path, or nothing where that way is closed on this machine. */
export type Maker = (draft: string) => Promise<string | undefined>

/** A place for workers, shared by all checkouts of one account; `name` tells version, machine and recipe. */
export type Shelf = { folder: string; name: string; makers: Maker[] }

const binary = 'mediasoup-worker'

/** The program that carries the media: a given one, the one in the cache, the official one, or one that is built here. */
export async function needMediaWorker(env = process.env, shelf = ownShelf()): Promise<string> {
  const given = env['MEDIASOUP_WORKER_BIN']
  if (given) return accept(given)
  return onShelf(shelf) ?? make(shelf)
}

/** What is there already, without a look at the network or a compiler. */
export function findMediaWorker(env = process.env, shelf = ownShelf()): string | undefined {
  return env['MEDIASOUP_WORKER_BIN'] || onShelf(shelf)
}

function ownShelf(): Shelf {
  return { folder: join(cacheFolder(), 'media-worker'), name: workerName(), makers: [download, build] }
}

function accept(given: string) {
  if (starts(given)) return resolve(given)
  throw new Trouble(
    `MEDIASOUP_WORKER_BIN is "${given}", and no media worker starts there; without that setting it is fetched or built.`,
  )
}

/** A worker that no longer starts, as after an upgrade of the system's libraries, is as good as none. */
function onShelf({ folder, name }: Shelf) {
  const file = join(folder, name, binary)
  return existsSync(file) && starts(file) ? file : undefined
}

/** Without its environment the worker ends at once, with a number of its own. */
export function starts(file: string) {
  return spawnSync(file, { env: {}, stdio: 'ignore', timeout: 20_000 }).status === 41
}

async function make(shelf: Shelf) {
  try {
    mkdirSync(shelf.folder, { recursive: true })
    const waiting = () => console.log('  another command is making the media worker; waiting for it')
    return await whileLocked(
      join(shelf.folder, 'lock'),
      waiting,
      async () => onShelf(shelf) ?? (await makeAlone(shelf)),
    )
  } catch (error) {
    if (error instanceof Trouble || !errorCode(error)) throw error
    const cause = knownCause(reason(error)) ?? reason(error)
    throw new Trouble(`The media worker cannot be kept in ${shelf.folder}: ${cause}. XDG_CACHE_HOME chooses another.`)
  }
}

/** It appears under its name only when it is whole and has proved itself; what a killed run left is swept away. */
async function makeAlone({ folder, name, makers }: Shelf) {
  for (const left of readdirSync(folder)) if (left.endsWith('.draft')) rmSync(join(folder, left), { recursive: true })
  const draft = join(folder, `${name}.draft`)
  mkdirSync(draft)
  try {
    const made = await firstOf(makers, draft)
    mkdirSync(join(folder, name), { recursive: true })
    renameSync(made, join(folder, name, binary))
    return join(folder, name, binary)
  } finally {
    rmSync(draft, { recursive: true, force: true })
  }
}

async function firstOf(makers: Maker[], draft: string) {
  for (const maker of makers) {
    const made = await maker(draft)
    if (!made) continue
    if (!starts(made)) throw new Trouble('The media worker was made, and does not start on this machine.')
    await prove(made)
    return made
  }
  throw new Trouble('There is no way to a media worker on this machine; MEDIASOUP_WORKER_BIN can name one.')
}
