import type { Tile, View } from '../signalling/inputs.ts'
import type { Size } from './layers.ts'
import type { Publication } from './Publication.ts'

/** The sizes of pictures that the browser has not named: a tile of a full page, and a screen. */
const firstPageTile: Size = { width: 320, height: 180 }
const wholeScreen: Size = { width: 1920, height: 1080 }
const soundSize: Size = { width: 0, height: 0 }

/** What a receiver shows. Until it names its tiles, the first cameras of the room count as visible. */
export class VisibleTiles {
  #tiles: Tile[]
  #first: number
  readonly #firstPage = new Set<Publication>()

  constructor({ tiles, first }: View) {
    this.#tiles = tiles
    this.#first = first
  }

  set(tiles: Tile[]): void {
    this.#tiles = tiles
    this.#first = 0
  }

  /** How many tiles would appear, vanish or change their size. */
  countChanges(tiles: Tile[]): number {
    const [before, after] = [byKey(this.#tiles), byKey(tiles)]
    const isChanged = (key: string) => {
      const [old, now] = [before.get(key), after.get(key)]
      return old?.width !== now?.width || old?.height !== now?.height
    }
    return [...new Set([...before.keys(), ...after.keys()])].filter(isChanged).length
  }

  /** The size at which a publication is shown, or null when it is hidden. Sound has no size and is never hidden. */
  sizeOf(publication: Publication): Size | null {
    const { source, seatId } = publication
    if (source === 'mic' || source === 'screenSound') return soundSize
    const tile = this.#tiles.find((one) => one.seatId === seatId && one.source === source)
    if (tile) return tile
    if (this.#first === 0) return null
    if (source === 'screen') return wholeScreen
    return this.#isOnFirstPage(publication) ? firstPageTile : null
  }

  #isOnFirstPage(camera: Publication): boolean {
    if (this.#firstPage.has(camera)) return true
    for (const one of this.#firstPage) if (one.closed) this.#firstPage.delete(one)
    if (this.#firstPage.size >= this.#first) return false
    this.#firstPage.add(camera)
    return true
  }
}

function byKey(tiles: Tile[]): Map<string, Tile> {
  return new Map(tiles.map((tile) => [`${tile.seatId} ${tile.source}`, tile]))
}
