import { createHash, randomBytes } from 'node:crypto'
import {
  accessSync,
  chmodSync,
  constants,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  statfsSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { userInfo } from 'node:os'
import { postgresAccount, reaches } from '../account.ts'
import { checkout, type Settings } from '../env.ts'
import { errorCode, reason, CommandError } from '../errors.ts'

/** With less space than this Postgres could stop during the day, so the start refuses. */
const leastSpace = 300_000_000

/** Creates the folder with all data of the installation, and returns its real path. */
export function openDataFolder(settings: Settings, least = leastSpace): string {
  const embedded = !settings.databaseUrl
  try {
    if (embedded && !settings.dataFolderChosen) linkOutOfClosedHome(settings.dataFolder)
    mkdirSync(dirname(settings.dataFolder), { recursive: true, mode: 0o755 })
    mkdirSync(settings.dataFolder, { recursive: true, mode: 0o700 })
    const folder = realpathSync(settings.dataFolder)
    const owner = statSync(folder).uid
    if (owner !== userInfo().uid)
      throw new CommandError(
        `The data folder ${folder} belongs to the account with the id ${owner}: run as that account, or choose another folder with VECHE_DATA.`,
      )
    accessSync(folder, constants.W_OK | constants.X_OK)
    letPostgresIn(folder, embedded)
    refuseFullDisk(folder, least)
    return folder
  } catch (error) {
    if (error instanceof CommandError) throw error
    throw new CommandError(
      `The data folder ${settings.dataFolder} cannot be used: ${sentence(error)}. VECHE_DATA chooses another.`,
    )
  }
}

/** The secret of this installation. It is generated once, readable by its owner only, and never printed. */
export function readSecret(folder: string): string {
  const chosen = process.env['VECHE_SECRET']
  if (chosen) return chosen
  const file = join(folder, 'secret')
  try {
    writeFileSync(file, randomBytes(32).toString('base64url') + '\n', { mode: 0o600, flag: 'wx' })
  } catch (error) {
    if (errorCode(error) !== 'EEXIST')
      throw new CommandError(`The secret ${file} cannot be written: ${sentence(error)}.`)
  }
  const secret = readFileSync(file, 'utf8').trim()
  if (secret.length < 32)
    throw new CommandError(
      `The secret ${file} is damaged: restore it from a backup, or remove it (everybody then signs in again).`,
    )
  return secret
}

export function freeSpace(folder: string) {
  const { bavail, bsize } = statfsSync(folder)
  return bavail * bsize
}

/** A checkout of root often lies in /root, which the Postgres account cannot enter. Then the data go to /var/lib. */
function linkOutOfClosedHome(folder: string) {
  if (existsSync(folder) || lstatSync(folder, { throwIfNoEntry: false })?.isSymbolicLink()) return
  const account = postgresAccount()
  if (!account || reaches(account, checkout)) return
  const key = createHash('sha256').update(checkout).digest('hex').slice(0, 8)
  const open = `/var/lib/veche/${basename(checkout)}-${key}`
  mkdirSync(open, { recursive: true, mode: 0o755 })
  symlinkSync(open, folder)
}

function letPostgresIn(folder: string, embedded: boolean) {
  const account = embedded ? postgresAccount() : undefined
  if (!account) return
  chmodSync(folder, 0o711)
  if (!reaches(account, folder))
    throw new CommandError(
      `Postgres runs as the account "postgres", which cannot enter ${folder}: open the folders above it (chmod o+x), or choose another with VECHE_DATA.`,
    )
}

function refuseFullDisk(folder: string, least: number) {
  const free = freeSpace(folder)
  if (free < least)
    throw new CommandError(
      `The disk of ${folder} is full (${Math.floor(free / 1e6)} MB are free, ${least / 1e6} are needed): make room, or choose another disk with VECHE_DATA.`,
    )
}

function sentence(error: unknown) {
  const known: Record<string, string> = {
    EACCES: 'this account has no right to write there',
    EPERM: 'this account has no right to write there',
    EROFS: 'the disk is read-only',
    ENOSPC: 'the disk is full',
    ENOTDIR: 'a part of the path is a file',
    EEXIST: 'a part of the path is a file',
  }
  return known[errorCode(error)] ?? reason(error)
}
