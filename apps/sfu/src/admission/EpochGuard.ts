import type { MeetingId, SeatId } from '@veche/shared/ids'
import type { MeetingUpdate } from '@veche/shared/nodes'
import type { TicketClaims } from '@veche/shared/ticket'
import type { Clock } from '../clock.ts'

/** Longer than any ticket lives. */
const memoryMs = 120_000

/** The lowest epoch of a seat that may still come in, and the newest epoch that has ended. */
type SeatEpochs = { least: number; ended: number }
type MeetingEpochs = { epoch: number; seats: Map<SeatId, SeatEpochs>; expiresAt: number }

/**
 * Remembers the epochs of meetings and seats. It outlives the room, so that an old ticket cannot get in after a newer ticket, an
 * update or a removal.
 */
export class EpochGuard {
  readonly #clock: Clock
  readonly #meetings = new Map<MeetingId, MeetingEpochs>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Lets each epoch of a seat in once. A second ticket of the same epoch cannot come from the API. */
  admit({ meeting, meetingEpoch, seat, seatEpoch }: TicketClaims): boolean {
    const known = this.#epochsOf(meeting)
    const before = known.seats.get(seat) ?? { least: 0, ended: -1 }
    if (meetingEpoch < known.epoch || seatEpoch < before.least || seatEpoch <= before.ended) return false
    known.epoch = meetingEpoch
    known.seats.set(seat, { ...before, least: seatEpoch + 1 })
    return true
  }

  /** Whether an admitted ticket is still the newest of its seat. */
  isCurrent({ meeting, meetingEpoch, seat, seatEpoch }: TicketClaims): boolean {
    const known = this.#epochsOf(meeting)
    const epochs = known.seats.get(seat)
    return known.epoch === meetingEpoch && epochs?.least === seatEpoch + 1 && epochs.ended < seatEpoch
  }

  applyUpdate(update: MeetingUpdate): void {
    const known = this.#epochsOf(update.meeting)
    known.epoch = Math.max(known.epoch, update.state === 'live' ? update.epoch : update.epoch + 1)
    for (const { seat, epoch, state } of update.seats) {
      const before = known.seats.get(seat) ?? { least: 0, ended: -1 }
      const isOver = state === 'left' || state === 'removed'
      known.seats.set(seat, {
        least: Math.max(before.least, epoch),
        ended: isOver ? Math.max(before.ended, epoch) : before.ended,
      })
    }
  }

  #epochsOf(meeting: MeetingId): MeetingEpochs {
    const now = this.#clock.now()
    for (const [id, { expiresAt }] of this.#meetings) {
      if (expiresAt > now) break
      this.#meetings.delete(id)
    }
    const known = this.#meetings.get(meeting) ?? { epoch: 0, seats: new Map<SeatId, SeatEpochs>(), expiresAt: 0 }
    known.expiresAt = now + memoryMs
    // Setting it anew moves it to the end of the map, so the oldest entries stay in front.
    this.#meetings.delete(meeting)
    this.#meetings.set(meeting, known)
    return known
  }
}
