import { spawnSync } from 'node:child_process'
import { realpathSync } from 'node:fs'
import { join } from 'node:path'
import { readArguments } from '../arguments.ts'
import { readSecret } from './data-folder.ts'
import { checkout, readSettings } from '../env.ts'
import { isThere, readState } from './state.ts'
import { UsageError, CommandError } from '../errors.ts'

export const usage = `
./veche admin link [--email someone@example.org]

Prints the one-time link that makes the first administrator. Once there is an owner it prints a recovery link:
for the owner, or for the account with that mail address.
`

export async function run(args: string[]): Promise<number> {
  const { values, positionals } = readArguments('admin', args, { email: { type: 'string' } }, 1)
  if ((positionals[0] ?? 'link') !== 'link')
    throw new UsageError('"./veche admin link" prints the link; there is no other verb.')
  console.log(await adminLink(toolEnvironment(), values.email ? ['--email', values.email] : []))
  return 0
}

/** Runs the API's own tool, so that links are created by the same code that accepts them. */
export async function adminLink(env: NodeJS.ProcessEnv, args: string[]): Promise<string> {
  const tool = join(checkout, 'apps/api/src/admin-link.ts')
  const { status, stdout, stderr } = spawnSync(process.execPath, [tool, ...args], { env, encoding: 'utf8' })
  if (status !== 0) throw new CommandError(lastLine(stderr) || 'No link could be made, and the tool does not say why.')
  return stdout.trim()
}

/** The settings of the installation that runs on this data folder, or those of DATABASE_URL. */
function toolEnvironment(): NodeJS.ProcessEnv {
  const settings = readSettings()
  const state = readState(settings.dataFolder)
  const running = state && isThere(state.up) ? state : undefined
  if (!running)
    throw new CommandError(`Veche does not run on ${settings.dataFolder}: start it with "./veche up" first.`)
  const folder = realpathSync(settings.dataFolder)
  return {
    ...process.env,
    VECHE_DATA: folder,
    VECHE_SECRET: readSecret(folder),
    DATABASE_URL: running.databaseUrl,
    REDIS_URL: running.redisUrl,
    PUBLIC_URL: running.address,
  }
}

function lastLine(text: string) {
  return text.trim().split('\n').at(-1) ?? ''
}
