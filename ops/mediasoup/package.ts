import { readFileSync, realpathSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

/** The folder of the patched mediasoup package; its dependencies lie beside it. */
export function mediasoupFolder() {
  return realpathSync(join(dirname(createRequire(import.meta.url).resolve('mediasoup')), '../..'))
}

export function mediasoupVersion() {
  const { version } = JSON.parse(readFileSync(join(mediasoupFolder(), 'package.json'), 'utf8')) as { version: string }
  return version
}
