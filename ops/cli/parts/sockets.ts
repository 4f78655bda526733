import { createHash } from 'node:crypto'
import { chownSync, lstatSync, mkdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { userInfo } from 'node:os'
import type { Account } from '../account.ts'
import { CommandError } from '../errors.ts'

const maxPathBytes = 107

/**
 * A private folder for a socket: the wanted one, or a short one whose name depends on the wanted one, because the
 * kernel accepts no socket path above 107 bytes.
 */
export function socketFolder(wanted: string, socketName: string, account?: Account): string {
  const fits = Buffer.byteLength(join(wanted, socketName)) <= maxPathBytes
  const folder = fits
    ? wanted
    : join(shortParent(), `veche-${createHash('sha256').update(resolve(wanted)).digest('hex').slice(0, 12)}`)
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const owner = account?.uid ?? userInfo().uid
  if (account && lstatSync(folder).uid === 0) chownSync(folder, account.uid, account.gid)
  const found = lstatSync(folder)
  // In a world-writable folder another user could have created it first, to receive our connections.
  if (!found.isDirectory() || found.uid !== owner || (found.mode & 0o077) !== 0)
    throw new CommandError(
      `The folder ${folder} must be private to the account with the id ${owner}; remove it and start again.`,
    )
  return folder
}

function shortParent() {
  if (userInfo().uid === 0) return '/run'
  const runtime = process.env['XDG_RUNTIME_DIR']
  return runtime && runtime.length < 60 ? runtime : '/tmp'
}
