import type { MeetingId, SeatId } from '@veche/shared/ids'
import type { MeetingUpdate } from '@veche/shared/nodes'
import type { TicketClaims } from '@veche/shared/ticket'
import type { Clock } from '../clock.ts'

/** Longer than any ticket lives. */
const memory = 120_000

/** Of a seat: the least epoch that may still come in, and the newest one that was ended. */
type SeatFence = { least: number; ended: number }
type Fence = { epoch: number; seats: Map<SeatId, SeatFence>; until: number }

/**
 * What has been seen of a meeting's place and of its seats. It outlives the room, so that an old ticket does not open what a newer
 * one, an order or a removal has closed.
 */
export class Fences {
  readonly #clock: Clock
  readonly #fences = new Map<MeetingId, Fence>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Each epoch of a seat comes in once: a second ticket of the same is none that the API gave. */
  pass({ meeting, meetingEpoch, seat, seatEpoch }: TicketClaims): boolean {
    const fence = this.#of(meeting)
    const before = fence.seats.get(seat) ?? { least: 0, ended: -1 }
    if (meetingEpoch < fence.epoch || seatEpoch < before.least || seatEpoch <= before.ended) return false
    fence.epoch = meetingEpoch
    fence.seats.set(seat, { ...before, least: seatEpoch + 1 })
    return true
  }

  /** Whether a ticket that has passed is still the newest of its seat. */
  holds({ meeting, meetingEpoch, seat, seatEpoch }: TicketClaims): boolean {
    const fence = this.#of(meeting)
    const known = fence.seats.get(seat)
    return fence.epoch === meetingEpoch && known?.least === seatEpoch + 1 && known.ended < seatEpoch
  }

  learn(order: MeetingUpdate): void {
    const fence = this.#of(order.meeting)
    fence.epoch = Math.max(fence.epoch, order.state === 'live' ? order.epoch : order.epoch + 1)
    for (const { seat, epoch, state } of order.seats) {
      const before = fence.seats.get(seat) ?? { least: 0, ended: -1 }
      const over = state === 'left' || state === 'removed'
      fence.seats.set(seat, {
        least: Math.max(before.least, epoch),
        ended: over ? Math.max(before.ended, epoch) : before.ended,
      })
    }
  }

  #of(meeting: MeetingId): Fence {
    const now = this.#clock.now()
    for (const [id, { until }] of this.#fences) {
      if (until > now) break
      this.#fences.delete(id)
    }
    const fence = this.#fences.get(meeting) ?? { epoch: 0, seats: new Map<SeatId, SeatFence>(), until: 0 }
    fence.until = now + memory
    // The one that was asked for last goes to the end: the oldest stand in front.
    this.#fences.delete(meeting)
    this.#fences.set(meeting, fence)
    return fence
  }
}
