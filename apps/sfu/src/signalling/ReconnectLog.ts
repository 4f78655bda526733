import type { MeetingId, SeatId } from '@veche/shared/ids'
import type { Deps } from '../deps.ts'
import type { Reconnect } from './inputs.ts'
import { RateLimit } from './RateLimit.ts'

const logLimit = { perSecond: 1, burst: 10 }

/** Counts the reconnects of a peer, all of them. The log is limited, because a hostile client may report as many as it likes. */
export class ReconnectLog {
  readonly #deps: Deps
  readonly #about: { meeting: MeetingId; seat: SeatId }
  readonly #limit: RateLimit

  constructor(deps: Deps, about: { meeting: MeetingId; seat: SeatId }) {
    this.#deps = deps
    this.#about = about
    this.#limit = new RateLimit(deps.clock, logLimit)
  }

  note(reconnect: Reconnect): void {
    this.#deps.metrics.reconnects.inc(reconnect)
    if (this.#limit.take()) this.#deps.log.info({ ...this.#about, ...reconnect }, 'a browser reconnects')
  }
}
