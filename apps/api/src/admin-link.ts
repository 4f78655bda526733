import { parseArgs } from 'node:util'
import { LinkRefused, makeLink, oldestOwner } from './auth/links.ts'
import { readEnv, SettingsError } from './env.ts'
import { openPools } from './platform/db.ts'
import { createLogger } from './platform/logger.ts'

/** Prints the link and nothing else, so that another program can read it; with --first only while there is no owner. */
async function main(): Promise<void> {
  const { values } = parseArgs({ options: { email: { type: 'string' }, first: { type: 'boolean' } } })
  const env = readEnv()
  const { db, polls } = openPools(env.DATABASE_URL, 2, createLogger('silent', 'admin-link'))
  try {
    if (values.first && (await oldestOwner(db))) return
    console.log((await makeLink({ db, env }, values.email)).url)
  } finally {
    await Promise.all([db.destroy(), polls.destroy()])
  }
}

try {
  await main()
} catch (error) {
  const said = error instanceof LinkRefused || error instanceof SettingsError
  console.error(
    said ? error.message : `No link could be made: ${error instanceof Error ? error.message : String(error)}`,
  )
  process.exit(1)
}
