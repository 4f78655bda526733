import { hkdfSync } from 'node:crypto'
import type { NodeId } from '@veche/shared/ids'
import type { Env } from '../env.ts'

/** A key for one purpose, made of the installation's secret: whoever learns one of them knows no other. */
export function keyFor(secret: string, purpose: string): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, '', purpose, 32))
}

/** What a media node and the API prove themselves to each other with. While the secret is changed there are two, the new one first. */
export function nodeKeys(env: Env, node: NodeId): Buffer[] {
  return secretsOf(env).map((secret) => keyFor(secret, `veche node key ${node}`))
}

export function secretsOf(env: Env): string[] {
  return env.VECHE_SECRET_PREVIOUS ? [env.VECHE_SECRET, env.VECHE_SECRET_PREVIOUS] : [env.VECHE_SECRET]
}
