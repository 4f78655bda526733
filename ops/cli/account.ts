import { spawnSync } from 'node:child_process'
import { userInfo } from 'node:os'
import { CommandError } from './errors.ts'

export type Account = { uid: number; gid: number }

/** Postgres refuses to run as root, so root starts it under an account of its own. */
export function postgresAccount(): Account | undefined {
  if (userInfo().uid !== 0) return undefined
  const found = lookUp('postgres')
  if (found) return found
  const added = spawnSync('useradd', [
    '--system',
    '--user-group',
    '--no-create-home',
    '--shell',
    '/usr/sbin/nologin',
    'postgres',
  ])
  const account = lookUp('postgres')
  if (!account)
    throw new CommandError(
      `The system account "postgres" cannot be made: ${String(added.stderr ?? added.error).trim()}`,
    )
  return account
}

/** A system account that a Debian package created; root drops to it. */
export function systemAccount(name: string): Account | undefined {
  return userInfo().uid === 0 ? lookUp(name) : undefined
}

/** Tells whether the account can reach the path and enter or run it. Parents such as /root may be closed to it. */
export function reaches(account: Account | undefined, path: string) {
  return spawnSync('test', ['-x', path], { ...account, stdio: 'ignore', cwd: '/' }).status === 0
}

function lookUp(name: string): Account | undefined {
  const [uid, gid] = ['-u', '-g'].map((flag) =>
    Number(spawnSync('id', [flag, name], { encoding: 'utf8' }).stdout || NaN),
  )
  return Number.isInteger(uid) && Number.isInteger(gid) ? { uid: uid!, gid: gid! } : undefined
}
