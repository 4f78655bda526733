import { createHash, randomBytes } from 'node:crypto'

/**
 * What lets a peer come back on another socket. Each use brings a new one; the one that was used stays good until the new one is
 * known to have arrived, for the answer that carries it may be lost with its socket.
 */
export class Secrets<T> {
  readonly #owners = new Map<string, T>()
  readonly #of = new Map<T, string[]>()

  issue(owner: T): string {
    const secret = randomBytes(32).toString('base64url')
    const hash = hashOf(secret)
    this.#owners.set(hash, owner)
    this.#of.set(owner, [...(this.#of.get(owner) ?? []), hash])
    return secret
  }

  /** Whose it is. Of this owner only this secret stays good. */
  use(secret: string): T | undefined {
    const hash = hashOf(secret)
    const owner = this.#owners.get(hash)
    if (owner !== undefined) this.#keepOnly(owner, hash)
    return owner
  }

  /** The newest one has arrived. */
  confirm(owner: T): void {
    const newest = this.#of.get(owner)?.at(-1)
    if (newest) this.#keepOnly(owner, newest)
  }

  drop(owner: T): void {
    for (const hash of this.#of.get(owner) ?? []) this.#owners.delete(hash)
    this.#of.delete(owner)
  }

  #keepOnly(owner: T, hash: string): void {
    for (const other of this.#of.get(owner) ?? []) if (other !== hash) this.#owners.delete(other)
    this.#of.set(owner, [hash])
  }
}

function hashOf(secret: string): string {
  return createHash('sha256').update(secret).digest('base64url')
}
