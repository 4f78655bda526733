import { type AppErrorCode, appError } from '#lib/api/error.ts'
import { jitter, pause, type Environment } from '#lib/live/environment.ts'
import { Lane, type Direction, type MediaState } from './Lane.ts'
import { within } from './within.ts'

/** What can be done about a broken call, from the gentlest on. Each rejects with an AppError; none is tried again by itself. */
export type Rungs = {
  /** 0: another socket for the peer that the node still keeps. */
  resume(signal: AbortSignal): Promise<void>
  /** 1: another way for the same transport. */
  restartIce(direction: Direction): Promise<void>
  /** 2: another transport at the same node. */
  renew(direction: Direction): Promise<void>
  /** 3: another ticket, perhaps another node. */
  rejoin(signal: AbortSignal): Promise<void>
  /** Asks the socket for a sign of life now. */
  probe(): void
}
export type Trouble = 'socket' | 'media' | 'rejoining'
export type LadderEvents = {
  trouble(trouble: Trouble | null): void
  over(why: AppErrorCode | 'taken_over' | 'lost'): void
}

const RESUME_PATIENCE_MS = 2_500
/** Short while the old place may still be there: it is asked again in between. */
const REJOIN_PATIENCE_MS = { resumable: 4_000, gone: 10_000 }
const FIRST_PAUSE_MS = 400
const LONGEST_PAUSE_MS = 2_000
const LONGEST_REJOIN_PAUSE_MS = 10_000
/** So long a node that died may take to stand up again: who waits for it asks often. */
const REBIRTH_MS = 30_000
const REBIRTH_PAUSE_MS = 1_200
const SEAT_MS = 600_000

/** Codes with which nobody gets in by asking again. */
const passing = ['meeting.no_node', 'request.too_many', 'server.error', 'call.']

/**
 * Mends a call: decides which rung is tried when. The socket and the two transports break and heal independently; while there is
 * no socket, nothing can be done about the transports, and they are left alone: media may well flow without it.
 */
export class Ladder {
  readonly #environment: Environment
  readonly #rungs: Rungs
  readonly #events: LadderEvents
  readonly #stopped = new AbortController()
  readonly #unwatch: (() => void)[]
  readonly #lanes: Record<Direction, Lane>
  #hurry = new AbortController()
  #trouble: Trouble | null = null
  #socket = true
  #resumable = true
  #rejoining = false
  #mustRejoin = false
  #mending = false
  #lostAt = 0

  constructor(deps: { environment: Environment; rungs: Rungs; events: LadderEvents }) {
    this.#environment = deps.environment
    this.#rungs = deps.rungs
    this.#events = deps.events
    this.#lanes = { send: this.#lane('send'), recv: this.#lane('recv') }
    this.#unwatch = [deps.environment.onWake(() => this.#wake()), deps.environment.onNetwork(() => this.#wake())]
  }

  /** A new leg is complete: its socket is open, its transports have just been made. */
  joined(): void {
    this.#socket = true
    this.#resumable = true
    this.#mustRejoin = false
    for (const lane of this.#all()) lane.reset()
    this.#tell()
  }

  socketLost(): void {
    if (!this.#socket) return
    this.#socket = false
    for (const lane of this.#all()) lane.hold()
    this.#kick()
  }

  /** The place is gone, the seat is not: there is nothing to resume. */
  legLost(): void {
    this.#resumable = false
    this.#mustRejoin = true
    this.socketLost()
    this.#kick()
  }

  media(direction: Direction, state: MediaState): void {
    this.#lanes[direction].enter(state)
    // It came back by itself while another place was asked for in vain.
    if (this.#resumable && this.#all().every((lane) => lane.well)) this.#mustRejoin = false
    this.#tell()
  }

  stop(): void {
    this.#stopped.abort()
    for (const unwatch of this.#unwatch.splice(0)) unwatch()
    for (const lane of this.#all()) lane.reset()
  }

  #lane(direction: Direction): Lane {
    return new Lane({
      environment: this.#environment,
      ready: () => this.#socket && !this.#rejoining,
      restart: () => this.#rungs.restartIce(direction),
      renew: () => this.#rungs.renew(direction),
      giveUp: () => {
        this.#mustRejoin = true
        this.#kick()
      },
    })
  }

  #all(): Lane[] {
    return Object.values(this.#lanes)
  }

  get #broken(): boolean {
    return !this.#stopped.signal.aborted && (!this.#socket || this.#mustRejoin)
  }

  #wake(): void {
    if (this.#stopped.signal.aborted) return
    if (this.#socket) this.#rungs.probe()
    this.#hurry.abort()
    for (const lane of this.#all()) lane.hurry()
  }

  #kick(): void {
    this.#tell()
    if (this.#mending) return
    this.#mending = true
    this.#lostAt = this.#environment.now()
    void this.#mend().finally(() => {
      this.#mending = false
      this.#tell()
    })
  }

  async #mend(): Promise<void> {
    for (let attempt = 0; this.#broken; attempt += 1) {
      if (attempt > 0) await this.#rest(attempt)
      if (!this.#broken) return
      if (this.#environment.now() - this.#lostAt > SEAT_MS) return this.#end('lost')
      if (await this.#resumed()) continue
      if (this.#broken && this.#environment.online()) await this.#rejoin()
    }
  }

  async #rest(attempt: number): Promise<void> {
    this.#hurry = new AbortController()
    const longest = this.#longestPause()
    const ms = FIRST_PAUSE_MS / 2 + jitter(this.#environment, attempt - 1, FIRST_PAUSE_MS, longest)
    await pause(this.#environment, ms, AbortSignal.any([this.#stopped.signal, this.#hurry.signal]))
  }

  #longestPause(): number {
    if (this.#resumable) return LONGEST_PAUSE_MS
    return this.#environment.now() - this.#lostAt < REBIRTH_MS ? REBIRTH_PAUSE_MS : LONGEST_REJOIN_PAUSE_MS
  }

  /** Whether this round is done: the peer is back, or it is too early to ask for another place. */
  async #resumed(): Promise<boolean> {
    if (this.#socket || !this.#resumable || !this.#environment.online()) return false
    try {
      await this.#within(RESUME_PATIENCE_MS, (signal) => this.#rungs.resume(signal))
      this.#back()
      return true
    } catch (thrown) {
      const error = appError(thrown)
      if (!error.isTemporary) this.#resumable = false
      // Nobody refuses, nobody answers: that is the network. As long as media flow, another place would be no better.
      return error.code === 'network.timeout' && this.#all().every((lane) => lane.well)
    }
  }

  #back(): void {
    if (this.#stopped.signal.aborted) return
    this.#socket = true
    for (const lane of this.#all()) lane.resume()
    this.#tell()
  }

  async #rejoin(): Promise<void> {
    this.#rejoining = true
    // Whoever asks for another place hangs up first: should it be in vain, the old place has to be resumed.
    this.#socket = false
    this.#tell()
    try {
      const patience = REJOIN_PATIENCE_MS[this.#resumable ? 'resumable' : 'gone']
      await this.#within(patience, (signal) => this.#rungs.rejoin(signal))
      this.#rejoining = false
      if (!this.#stopped.signal.aborted) this.joined()
    } catch (thrown) {
      const { code, isTemporary: again } = appError(thrown)
      if (code === 'meeting.seat_taken') this.#end('taken_over')
      else if (!again && !passing.some((each) => code.startsWith(each))) this.#end(code)
    } finally {
      this.#rejoining = false
    }
  }

  #within(ms: number, act: (signal: AbortSignal) => Promise<void>): Promise<void> {
    return within({ environment: this.#environment, ms, stopped: this.#stopped.signal }, act)
  }

  #end(why: Parameters<LadderEvents['over']>[0]): void {
    if (this.#stopped.signal.aborted) return
    this.stop()
    this.#events.over(why)
  }

  #tell(): void {
    if (this.#stopped.signal.aborted) return
    const trouble = this.#now()
    if (trouble === this.#trouble) return
    this.#trouble = trouble
    this.#events.trouble(trouble)
  }

  #now(): Trouble | null {
    if (this.#rejoining || this.#mustRejoin) return 'rejoining'
    if (!this.#all().every((lane) => lane.well)) return 'media'
    return this.#socket ? null : 'socket'
  }
}
