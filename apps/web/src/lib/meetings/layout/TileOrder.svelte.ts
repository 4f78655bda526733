import { untrack } from 'svelte'

type Tiles = {
  keys: readonly string[]
  /** The keys of those who speak, the loudest first. */
  speakers: readonly string[]
  /** How many tiles are in sight: one page of the grid, or the carousel. */
  visibleCount: number
  /** Tiles that are never moved out of sight: the user's own and shared screens. */
  pinned?: ReadonlySet<string>
}

/**
 * Tiles keep their positions: a new one is put at the end, and those behind a removed one move up. Only a speaker who is out of
 * sight comes into sight, and changes places with the visible participant who has been silent longest.
 */
export class TileOrder {
  keys = $state.raw<string[]>([])
  readonly #lastSpoke = new Map<string, number>()
  #updateCount = 0

  /** To be called in an effect that reads the tiles; what it reads here itself is not tracked. */
  update({ keys, speakers, visibleCount, pinned = new Set() }: Tiles): void {
    const added = new Set(keys)
    const kept = untrack(() => this.keys).filter((key) => added.delete(key))
    let order = [...kept, ...added]
    this.#forgetAllBut(order)
    const present = speakers.filter((key) => order.includes(key))
    this.#updateCount += 1
    for (const key of present) this.#lastSpoke.set(key, this.#updateCount)
    for (const key of present) order = this.#moveIntoSight(key, order, visibleCount, pinned)
    this.keys = order
  }

  #forgetAllBut(keys: string[]): void {
    for (const key of this.#lastSpoke.keys()) if (!keys.includes(key)) this.#lastSpoke.delete(key)
  }

  #moveIntoSight(key: string, order: string[], visibleCount: number, pinned: ReadonlySet<string>): string[] {
    const index = order.indexOf(key)
    if (index < visibleCount) return order
    const silentIndex = this.#longestSilentIndex(order.slice(0, visibleCount), pinned)
    if (silentIndex < 0) return order
    const displaced = order[silentIndex] as string
    return order.with(silentIndex, key).with(index, displaced)
  }

  /** The last one of those who are silent for equally long; -1 when all of them are pinned or speak now. */
  #longestSilentIndex(visible: string[], pinned: ReadonlySet<string>): number {
    let found = -1
    let earliest = this.#updateCount
    for (const [index, key] of [...visible.entries()].reverse()) {
      const lastSpoke = this.#lastSpoke.get(key) ?? 0
      if (pinned.has(key) || lastSpoke >= earliest) continue
      earliest = lastSpoke
      found = index
    }
    return found
  }
}
