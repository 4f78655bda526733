import type { SeatId, UserId } from '@veche/shared/ids'
import type { SeatRow } from '@veche/shared/rows/rows'
import type { Call } from '../call/Call.svelte.ts'
import type { Tile } from '../call/Tile.svelte.ts'
import type { Seats } from '../Seats.svelte.ts'

/** Somebody of the call, whether or not the media node hears them. */
export type Person = { key: SeatId; userId: UserId; name: string; me: boolean; away: boolean; tile: Tile | null }

/** So long a seat may be taken before its media arrives; whoever is silent for longer is away. */
const ARRIVING_MS = 2_000

/** Everybody who has a place in the call: those the media node tells of, and those it lost and whose seat is kept. */
export class Roster {
  readonly #call: Call
  readonly #seats: Seats
  readonly #nameOf: (id: UserId) => string
  #overdue = $state.raw<ReadonlySet<SeatId>>(new Set())

  constructor(call: Call, seats: Seats, nameOf: (id: UserId) => string) {
    this.#call = call
    this.#seats = seats
    this.#nameOf = nameOf
  }

  readonly #missing: SeatRow[] = $derived.by(() => {
    const here = new Set(this.#call.tiles.map(({ userId }) => userId))
    return this.#seats.list.filter(({ state, userId }) => (state === 'in' || state === 'away') && !here.has(userId))
  })

  readonly people: Person[] = $derived.by(() => {
    const present = this.#call.tiles.map((tile) => ({
      key: tile.key,
      userId: tile.userId,
      name: tile.name || this.#nameOf(tile.userId),
      me: tile.me,
      away: tile.away,
      tile,
    }))
    const absent = this.#missing
      .filter(({ id, state }) => state === 'away' || this.#overdue.has(id))
      .map(({ id, userId }) => ({ key: id, userId, name: this.#nameOf(userId), me: false, away: true, tile: null }))
    return [...present, ...absent]
  })

  /** Called in an effect: waits for those who are on their way. */
  watch(): () => void {
    const ids = this.#missing.map(({ id }) => id)
    const kept = new Set([...this.#overdue].filter((id) => ids.includes(id)))
    if (kept.size !== this.#overdue.size) this.#overdue = kept
    if (ids.every((id) => kept.has(id))) return () => undefined
    const timer = setTimeout(() => (this.#overdue = new Set(ids)), ARRIVING_MS)
    return () => clearTimeout(timer)
  }
}
