import type { SeatId, UserId } from '@veche/shared/ids'
import type { Environment } from '#lib/live/environment.ts'
import { Participant } from './Participant.svelte.ts'

/** A seat as the API has it. */
export type TakenSeat = { id: SeatId; userId: UserId; name: string; away: boolean }

/** How long a seat may be taken before its media arrive; after that it is shown as away. */
const ARRIVAL_MS = 2_000

/** Seats that the API has and the node does not: their node died, or their tab has not come back yet. They are shown as away. */
export class AbsentSeats {
  readonly #environment: Environment
  readonly #onChange: () => void
  readonly #absent = new Map<SeatId, Participant>()
  readonly #arriving = new Map<SeatId, () => void>()

  constructor(environment: Environment, onChange: () => void) {
    this.#environment = environment
    this.#onChange = onChange
  }

  get participants(): Participant[] {
    return [...this.#absent.values()]
  }

  /** `missing`: all seats that are taken and that the node does not know. */
  update(missing: TakenSeat[]): void {
    const ids = new Set(missing.map(({ id }) => id))
    for (const id of this.#arriving.keys()) if (!ids.has(id)) this.#stopWaiting(id)
    for (const id of this.#absent.keys()) if (!ids.has(id)) this.#absent.delete(id)
    for (const seat of missing) {
      const shown = this.#absent.get(seat.id)
      if (shown) shown.name = seat.name
      else if (seat.away) this.#show(seat)
      else if (!this.#arriving.has(seat.id)) this.#wait(seat)
    }
  }

  #wait(seat: TakenSeat): void {
    const cancel = this.#environment.after(ARRIVAL_MS, () => {
      this.#show(seat)
      this.#onChange()
    })
    this.#arriving.set(seat.id, cancel)
  }

  #show({ id, userId, name }: TakenSeat): void {
    this.#stopWaiting(id)
    const participant = new Participant({ seatId: id, userId, name, isMe: false })
    participant.away = true
    this.#absent.set(id, participant)
  }

  #stopWaiting(id: SeatId): void {
    this.#arriving.get(id)?.()
    this.#arriving.delete(id)
  }
}
