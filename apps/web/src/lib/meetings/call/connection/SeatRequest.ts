import type { MeetingId } from '@veche/shared/ids'
import type { JoinAnswer } from '@veche/shared/meetings'
import type { Join } from '@veche/shared/schemas/meetings'
import { API_URL, type Api, ORIGIN_HEADER } from '#lib/api/client.ts'
import { appError } from '#lib/api/error.ts'
import { abortable, type Environment } from '#lib/live/environment.ts'
import type { RejoinRecord } from '../RejoinRecord.ts'

type Options = {
  environment: Environment
  api: Api
  meetingId: MeetingId
  code: string | undefined
  rejoinRecord: RejoinRecord
  /** Aborts when the call ends. */
  ended: AbortSignal
}

/** How long after its answer was lost a request may still be carried out by the server. */
const LATE_MS = 30_000

/** Asks the API for a seat and a ticket. A seat that comes after the end of the call is given back. */
export class SeatRequest {
  readonly #options: Options
  /** The next request names the node that was tried last. */
  #triedNode: JoinAnswer['node'] | null = null
  #pending = false
  #pendingUntil = 0
  /** Of the newest answer: the seat is given back under this epoch, whether or not its node was joined. */
  #seatEpoch: number | null = null
  #leftByHand = false

  constructor(options: Options) {
    this.#options = options
  }

  /** A request is on its way, or its answer was lost: the server may have given this seat to this tab a second time. */
  get mayHaveSeatedTwice(): boolean {
    return this.#pending || this.#options.environment.now() < this.#pendingUntil
  }

  /** The call uses the seat that came, so the request is over. */
  settle(): void {
    this.#pending = false
  }

  async send(returning: boolean, signal: AbortSignal): Promise<JoinAnswer> {
    const { meetingId, code, rejoinRecord } = this.#options
    const failed = this.#triedNode && { nodeId: this.#triedNode.id, boot: this.#triedNode.boot }
    const tab = await rejoinRecord.tab()
    const answer = await this.#answer(
      { meetingId, tab, returning, ...(code ? { code } : {}), ...(failed ? { failed } : {}) },
      signal,
    )
    this.#triedNode = answer.node
    return answer
  }

  /** Leaving the call does not cancel the request: the seat might be given all the same, and nothing would give it back. */
  async #answer(request: Join, signal: AbortSignal): Promise<JoinAnswer> {
    const { api, ended, environment } = this.#options
    const timedOut = new AbortController()
    const abort = () => !ended.aborted && timedOut.abort()
    signal.addEventListener('abort', abort, { once: true })
    this.#pending = true
    const answer = api.meetings.join.mutate(request, { signal: timedOut.signal })
    answer.then(({ seatEpoch }) => this.#receiveSeat(seatEpoch)).catch(() => undefined)
    try {
      return await abortable(signal, answer)
    } catch (thrown) {
      if (appError(thrown).network) this.#pendingUntil = environment.now() + LATE_MS
      throw thrown
    } finally {
      signal.removeEventListener('abort', abort)
    }
  }

  #receiveSeat(seatEpoch: number): void {
    this.#seatEpoch = seatEpoch
    if (this.#options.ended.aborted) this.#giveBack(seatEpoch)
  }

  /** Gives back the seat that came last, or that will come. Not by hand: the page may be reloading, or the user may try again. */
  giveBack({ byHand }: { byHand: boolean }): void {
    this.#leftByHand = byHand
    if (this.#seatEpoch !== null) this.#giveBack(this.#seatEpoch)
  }

  /** `keepalive` lets this request outlive a page that is being closed; a request of the tRPC client would not survive. */
  #giveBack(seatEpoch: number): void {
    const { meetingId } = this.#options
    void fetch(`${API_URL}/meetings.leave`, {
      method: 'POST',
      keepalive: true,
      credentials: 'same-origin',
      headers: { ...ORIGIN_HEADER, 'content-type': 'application/json' },
      body: JSON.stringify({ meetingId, seatEpoch, byHand: this.#leftByHand }),
    }).catch(() => undefined)
  }
}
