import { hkdfSync } from 'node:crypto'
import type { Env } from '../env.ts'

/** A key for one purpose, derived from the installation's secret: a leaked one reveals no other. */
export function deriveKey(secret: string, purpose: string): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, '', purpose, 32))
}

/** The secret of the installation, and the previous one while it is being changed. */
export function installationSecrets(env: Env): string[] {
  return env.VECHE_SECRET_PREVIOUS ? [env.VECHE_SECRET, env.VECHE_SECRET_PREVIOUS] : [env.VECHE_SECRET]
}
