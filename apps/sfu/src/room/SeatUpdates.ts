import type { SeatId } from '@veche/shared/ids'
import type { MeetingUpdate, SeatUpdate } from '@veche/shared/nodes'
import type { TicketClaims } from '@veche/shared/ticket'

/** Remembers the newest update of each seat, because an older update may come late. */
export class SeatUpdates {
  readonly #newest = new Map<SeatId, { rev: number; update: SeatUpdate }>()

  /** Remembers those that are not older than what is known, and returns them. */
  accept({ rev, seats }: MeetingUpdate): SeatUpdate[] {
    const accepted = seats.filter(({ seat }) => rev >= (this.#newest.get(seat)?.rev ?? 0))
    for (const update of accepted) this.#newest.set(update.seat, { rev, update })
    return accepted
  }

  /** A capability that was taken after the ticket was signed does not come back with the ticket. */
  applyTo(claims: TicketClaims): TicketClaims {
    const update = this.#newest.get(claims.seat)?.update
    return update?.epoch === claims.seatEpoch ? { ...claims, capabilities: update.capabilities } : claims
  }
}
