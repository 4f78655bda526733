import { addressKey } from './addresses/address-key.ts'

/** `cut` closes the socket to make room for another one. */
type SilentSocket = { cut: () => void }

/**
 * Sockets that are still silent: the client has not asked for what the socket is for, such as the live stream or a join. When there are
 * too many, the oldest of the busiest address is cut, so that somebody who opens thousands shuts out nobody else.
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

  /** Returns a function that removes the socket. It is called when the socket is no longer silent, or has closed. */
  add(ip: string, cut: () => void): () => void {
    const key = addressKey(ip)
    const crowdedKey = this.#crowdedKey(key)
    if (crowdedKey) this.#cutOldest(crowdedKey)
    const socket = { cut }
    this.#byAddress.set(key, (this.#byAddress.get(key) ?? new Set()).add(socket))
    this.#count += 1
    return () => this.#remove(key, socket)
  }

  /** The address that has to lose a socket before one of this address is added. */
  #crowdedKey(key: string): string | undefined {
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
