import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'

/** The cache lies outside the checkout, so a new clone can use it. The script `veche` keeps its tools there too. */
export function cacheFolder(env: NodeJS.ProcessEnv = process.env) {
  return join(env['XDG_CACHE_HOME'] || join(env['HOME'] || homedir() || tmpdir(), '.cache'), 'veche')
}
