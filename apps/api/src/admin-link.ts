import { parseArgs } from 'node:util'
import { LinkRefused, createSetupLink, oldestOwner } from './auth/setup-links.ts'
import { readEnv, SettingsError } from './env.ts'
import { openPools } from './platform/db.ts'
import { createLogger } from './platform/logger.ts'

/** Prints a setup link and nothing else, so that another program can read it. With --first it prints one only while there is no owner. */
async function main(): Promise<void> {
  const { values } = parseArgs({ options: { email: { type: 'string' }, first: { type: 'boolean' } } })
  const env = readEnv()
  const { db, polls, liveReads, pipelines } = openPools(env.DATABASE_URL, 2, createLogger('silent', 'admin-link'))
  try {
    if (values.first && (await oldestOwner(db))) return
    console.log((await createSetupLink({ db, env }, values.email)).url)
  } finally {
    await Promise.all([db.destroy(), polls.destroy(), liveReads.end(), pipelines.end()])
  }
}

try {
  await main()
} catch (error) {
  const isExpected = error instanceof LinkRefused || error instanceof SettingsError
  console.error(
    isExpected ? error.message : `No link could be made: ${error instanceof Error ? error.message : String(error)}`,
  )
  process.exit(1)
}
