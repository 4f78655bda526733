/**
 * Tiles keep their places: who comes is put at the end, who goes leaves a gap that closes. Only somebody who speaks and is not on the
 * first page comes to it, in the place of whoever there has been silent longest.
 */
export class TileOrder {
  #keys: string[] = []
  readonly #spoke = new Map<string, number>()
  #turn = 0

  /** `kept` are never put back: oneself. */
  arrange(keys: readonly string[], speakers: readonly string[], perPage: number, kept: ReadonlySet<string>): string[] {
    const present = new Set(keys)
    this.#keys = [...this.#keys.filter((key) => present.delete(key)), ...keys.filter((key) => present.has(key))]
    for (const key of this.#spoke.keys()) if (!this.#keys.includes(key)) this.#spoke.delete(key)
    const heard = speakers.filter((key) => this.#keys.includes(key))
    this.#turn += 1
    for (const key of heard) this.#spoke.set(key, this.#turn)
    for (const key of heard) this.#bringForward(key, perPage, kept)
    return this.#keys
  }

  #bringForward(key: string, perPage: number, kept: ReadonlySet<string>): void {
    const at = this.#keys.indexOf(key)
    if (at < perPage) return
    const quiet = this.#quietest(perPage, kept)
    if (quiet < 0) return
    const displaced = this.#keys[quiet] as string
    this.#keys = this.#keys.with(quiet, key).with(at, displaced)
  }

  #quietest(perPage: number, kept: ReadonlySet<string>): number {
    let found = -1
    let since = this.#turn
    for (let at = Math.min(perPage, this.#keys.length) - 1; at >= 0; at--) {
      const key = this.#keys[at] as string
      const spoke = this.#spoke.get(key) ?? 0
      if (kept.has(key) || spoke >= since) continue
      since = spoke
      found = at
    }
    return found
  }
}
