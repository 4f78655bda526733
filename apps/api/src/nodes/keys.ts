import type { NodeId } from '@veche/shared/ids'
import type { Env } from '../env.ts'
import { deriveKey, installationSecrets } from '../platform/secrets.ts'

/** The keys by which a media node and the API prove themselves to each other: two while the secret is being changed, the new one first. */
export function nodeKeys(env: Env, node: NodeId): Buffer[] {
  return installationSecrets(env).map((secret) => deriveKey(secret, `veche node key ${node}`))
}
