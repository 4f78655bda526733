import { addressKey } from './address-key.ts'

/** `cut` closes the socket: another one takes its turn. */
type SilentSocket = { cut: () => void }

/**
 * Sockets behind which nobody has shown up yet. When there are too many, the oldest of the busiest address is cut, so that somebody who
 * opens thousands shuts out nobody but themselves. Who shows up is not counted any more.
 */
export class SilentSockets {
  readonly #limits: { total: number; perAddress: number }
  /** The sockets of each address, the oldest first. */
  readonly #byAddress = new Map<string, Set<SilentSocket>>()
  #count = 0

  constructor(limits: { total: number; perAddress: number }) {
    this.#limits = limits
  }

  get count(): number {
    return this.#count
  }

  /** Returns a function that takes it out: it has shown up, or has closed. */
  add(ip: string, cut: () => void): () => void {
    const key = addressKey(ip)
    const crowded = this.#crowded(key)
    if (crowded) this.#cutOldest(crowded)
    const socket = { cut }
    this.#byAddress.set(key, (this.#byAddress.get(key) ?? new Set()).add(socket))
    this.#count += 1
    return () => this.#remove(key, socket)
  }

  /** The address that has to give one up before a socket of this address is added. */
  #crowded(key: string): string | undefined {
    if ((this.#byAddress.get(key)?.size ?? 0) >= this.#limits.perAddress) return key
    if (this.#count < this.#limits.total) return undefined
    let busiest = key
    let most = 0
    for (const [other, { size }] of this.#byAddress) if (size > most) [busiest, most] = [other, size]
    return busiest
  }

  #cutOldest(key: string): void {
    const [oldest] = this.#byAddress.get(key) ?? []
    if (!oldest) return
    this.#remove(key, oldest)
    oldest.cut()
  }

  #remove(key: string, socket: SilentSocket): void {
    const sockets = this.#byAddress.get(key)
    if (!sockets?.delete(socket)) return
    this.#count -= 1
    if (sockets.size === 0) this.#byAddress.delete(key)
  }
}
