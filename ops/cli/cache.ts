import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'

/** Outside the checkout, so that what takes minutes to make outlives a new clone; the script `veche` keeps its tools there too. */
export function cacheFolder(env: NodeJS.ProcessEnv = process.env) {
  return join(env['XDG_CACHE_HOME'] || join(env['HOME'] || homedir() || tmpdir(), '.cache'), 'veche')
}
