import { hkdfSync } from 'node:crypto'
import type { NodeId } from '@veche/shared/ids'
import type { Env } from '../env.ts'

/** A key for one purpose, derived from the installation's secret: a leaked one reveals no other. */
export function deriveKey(secret: string, purpose: string): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, '', purpose, 32))
}

/** The keys by which a media node and the API prove themselves to each other: two while the secret is being changed, the new one first. */
export function nodeKeys(env: Env, node: NodeId): Buffer[] {
  return installationSecrets(env).map((secret) => deriveKey(secret, `veche node key ${node}`))
}

/** The secret of the installation, and the previous one while it is being changed. */
export function installationSecrets(env: Env): string[] {
  return env.VECHE_SECRET_PREVIOUS ? [env.VECHE_SECRET, env.VECHE_SECRET_PREVIOUS] : [env.VECHE_SECRET]
}
