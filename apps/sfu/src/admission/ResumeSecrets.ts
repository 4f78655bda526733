import { createHash, randomBytes } from 'node:crypto'
import type { Peer } from '../room/Peer.ts'

/**
 * Secrets with which a peer resumes on another socket. Each use issues a new secret. The used one stays valid until the new one has
 * arrived, because the answer that carries it may be lost together with its socket.
 */
export class ResumeSecrets {
  readonly #peers = new Map<string, Peer>()
  readonly #hashes = new Map<Peer, string[]>()

  issue(peer: Peer): string {
    const secret = randomBytes(32).toString('base64url')
    const hash = hashOf(secret)
    this.#peers.set(hash, peer)
    this.#hashes.set(peer, [...(this.#hashes.get(peer) ?? []), hash])
    return secret
  }

  /** The peer that this secret belongs to. All its other secrets become invalid. */
  use(secret: string): Peer | undefined {
    const hash = hashOf(secret)
    const peer = this.#peers.get(hash)
    if (peer) this.#keepOnly(peer, hash)
    return peer
  }

  /** The newest secret has arrived, so the one before it becomes invalid. */
  confirm(peer: Peer): void {
    const newest = this.#hashes.get(peer)?.at(-1)
    if (newest) this.#keepOnly(peer, newest)
  }

  revoke(peer: Peer): void {
    for (const hash of this.#hashes.get(peer) ?? []) this.#peers.delete(hash)
    this.#hashes.delete(peer)
  }

  #keepOnly(peer: Peer, hash: string): void {
    for (const other of this.#hashes.get(peer) ?? []) if (other !== hash) this.#peers.delete(other)
    this.#hashes.set(peer, [hash])
  }
}

function hashOf(secret: string): string {
  return createHash('sha256').update(secret).digest('base64url')
}
