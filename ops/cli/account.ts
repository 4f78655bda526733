import { spawnSync } from 'node:child_process'
import { userInfo } from 'node:os'
import { Trouble } from './trouble.ts'

export type Account = { uid: number; gid: number }

/** Postgres refuses to run as root, so there it gets an account of its own; anywhere else it runs as who asks. */
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
    throw new Trouble(`The system account "postgres" cannot be made: ${String(added.stderr ?? added.error).trim()}`)
  return account
}

/** The account that a package of the distribution brought along, for root to step down to. */
export function systemAccount(name: string): Account | undefined {
  return userInfo().uid === 0 ? lookUp(name) : undefined
}

/** Whether that account can reach and enter (or run) the path: parents may be closed to it, as /root is. */
export function reaches(account: Account | undefined, path: string) {
  return spawnSync('test', ['-x', path], { ...account, stdio: 'ignore', cwd: '/' }).status === 0
}

function lookUp(name: string): Account | undefined {
  const [uid, gid] = ['-u', '-g'].map((flag) =>
    Number(spawnSync('id', [flag, name], { encoding: 'utf8' }).stdout || NaN),
  )
  return Number.isInteger(uid) && Number.isInteger(gid) ? { uid: uid!, gid: gid! } : undefined
}
