import type { SeatId, UserId } from '@veche/shared/ids'
import type { SeatRow } from '@veche/shared/rows/rows'
import type { Call } from '../call/Call.svelte.ts'
import type { Tile } from '../call/Tile.svelte.ts'
import type { Seats } from './Seats.svelte.ts'

/** Who has a seat in the meeting; `tile` is null for a participant whom the media node does not know. */
export type Participant = { key: SeatId; userId: UserId; name: string; me: boolean; away: boolean; tile: Tile | null }

/** Between taking a seat and arriving at the node some time passes; who takes longer is shown as away. */
const ARRIVAL_MS = 2_000

/** All participants of a call: those whom the media node knows, and those who have only a seat, because their connection was lost. */
export class MeetingParticipants {
  readonly #call: Call
  readonly #seats: Seats
  readonly #nameOf: (id: UserId) => string
  #lateSeatIds = $state.raw<ReadonlySet<SeatId>>(new Set())

  constructor(call: Call, seats: Seats, nameOf: (id: UserId) => string) {
    this.#call = call
    this.#seats = seats
    this.#nameOf = nameOf
  }

  readonly #seatsWithoutTile: SeatRow[] = $derived.by(() => {
    const withTile = new Set(this.#call.tiles.map(({ userId }) => userId))
    return this.#seats.list.filter(({ state, userId }) => (state === 'in' || state === 'away') && !withTile.has(userId))
  })

  readonly list: Participant[] = $derived.by(() => {
    const present = this.#call.tiles.map((tile) => ({
      key: tile.key,
      userId: tile.userId,
      name: tile.name || this.#nameOf(tile.userId),
      me: tile.me,
      away: tile.away,
      tile,
    }))
    const absent = this.#seatsWithoutTile
      .filter(({ id, state }) => state === 'away' || this.#lateSeatIds.has(id))
      .map(({ id, userId }) => ({ key: id, userId, name: this.#nameOf(userId), me: false, away: true, tile: null }))
    return [...present, ...absent]
  })

  /** To be called in an effect: after a while it shows those whose media did not arrive. Returns how to cancel that. */
  watchArrivals(): () => void {
    const seatIds = this.#seatsWithoutTile.map(({ id }) => id)
    const stillLate = new Set([...this.#lateSeatIds].filter((id) => seatIds.includes(id)))
    if (stillLate.size !== this.#lateSeatIds.size) this.#lateSeatIds = stillLate
    if (seatIds.every((id) => stillLate.has(id))) return () => undefined
    const timer = setTimeout(() => (this.#lateSeatIds = new Set(seatIds)), ARRIVAL_MS)
    return () => clearTimeout(timer)
  }
}
