import type { ReconnectReason } from '@veche/shared/meetings'
import { type AppErrorCode, appError } from '#lib/api/error.ts'
import { backoffMs, pause, type Environment } from '#lib/live/environment.ts'
import { type ReconnectAttempt, reconnectDelays } from './reconnect-steps.ts'
import { withTimeout } from './timeout.ts'
import { type Direction, type MediaState, TransportRecovery } from './TransportRecovery.ts'

/** What is broken: the socket while media flow, the media, or both, so that the call must be joined again. */
export type CallTrouble = 'socket' | 'media' | 'rejoining'

/** The steps as the connection carries them out. Each makes one attempt and rejects with an AppError. */
export type ReconnectSteps = {
  resume(attempt: ReconnectAttempt, signal: AbortSignal): Promise<void>
  /** `restartIce` or `replaceTransport`. */
  recover(direction: Direction, attempt: ReconnectAttempt): Promise<void>
  rejoin(attempt: ReconnectAttempt, signal: AbortSignal): Promise<void>
  /** Pings the node now, to learn whether the socket is alive. */
  probe(): void
}
type Options = {
  environment: Environment
  steps: ReconnectSteps
  onTrouble(trouble: CallTrouble | null): void
  onEnd(why: AppErrorCode | 'taken_over' | 'lost'): void
}

/** Error codes (or their beginnings) after which rejoining may work a moment later. */
const temporaryCodes = ['meeting.no_node', 'request.too_many', 'server.error', 'call.']

/**
 * Decides which step of reconnecting is tried when. The socket and the two transports break and recover independently. While there is no
 * socket nothing can be done about the transports, and media may flow without it.
 */
export class ReconnectLadder {
  readonly #options: Options
  readonly #environment: Environment
  readonly #stopped = new AbortController()
  readonly #unsubscribe: (() => void)[]
  readonly #recoveries: Record<Direction, TransportRecovery>
  #skipPause = new AbortController()
  #trouble: CallTrouble | null = null
  #reason: ReconnectReason = 'socket_closed'
  #hasSocket = true
  /** The node may still have this peer. */
  #resumable = true
  #rejoining = false
  #mustRejoin = false
  #reconnecting = false
  #brokenAt = 0

  constructor(options: Options) {
    const { environment } = options
    this.#options = options
    this.#environment = environment
    this.#recoveries = { send: this.#newRecovery('send'), recv: this.#newRecovery('recv') }
    this.#unsubscribe = [
      environment.onWake(() => this.#networkChanged()),
      environment.onNetwork(() => this.#networkChanged()),
    ]
  }

  /** The call has joined a node: its socket is open, its transports have just been made. */
  joined(): void {
    this.#hasSocket = true
    this.#resumable = true
    this.#mustRejoin = false
    for (const recovery of this.#allRecoveries()) recovery.reset()
    this.#reportTrouble()
  }

  socketLost(reason: ReconnectReason): void {
    if (!this.#hasSocket) return
    this.#reason = reason
    this.#hasSocket = false
    for (const recovery of this.#allRecoveries()) recovery.stop()
    this.#reconnect()
  }

  /** The node has ended this peer while the seat is kept: there is nothing to resume. */
  nodeEnded(): void {
    this.#resumable = false
    this.#mustRejoin = true
    this.socketLost('node_ended')
    this.#reason = 'node_ended'
    this.#reconnect()
  }

  mediaChanged(direction: Direction, state: MediaState): void {
    this.#recoveries[direction].setState(state)
    // Media recovered by themselves while rejoining failed.
    if (this.#resumable && this.#healthy) this.#mustRejoin = false
    this.#reportTrouble()
  }

  stop(): void {
    this.#stopped.abort()
    for (const unsubscribe of this.#unsubscribe) unsubscribe()
    for (const recovery of this.#allRecoveries()) recovery.reset()
  }

  #newRecovery(direction: Direction): TransportRecovery {
    return new TransportRecovery({
      environment: this.#environment,
      ready: () => this.#hasSocket && !this.#rejoining,
      attempt: (attempt) => this.#options.steps.recover(direction, attempt),
      giveUp: (reason) => {
        this.#reason = reason
        this.#mustRejoin = true
        this.#reconnect()
      },
    })
  }

  #allRecoveries(): TransportRecovery[] {
    return Object.values(this.#recoveries)
  }

  get #healthy(): boolean {
    return this.#allRecoveries().every(({ healthy }) => healthy)
  }

  get #broken(): boolean {
    return !this.#stopped.signal.aborted && (!this.#hasSocket || this.#mustRejoin)
  }

  #networkChanged(): void {
    if (this.#stopped.signal.aborted) return
    if (this.#hasSocket) this.#options.steps.probe()
    this.#skipPause.abort()
    for (const recovery of this.#allRecoveries()) recovery.networkChanged()
  }

  #reconnect(): void {
    this.#reportTrouble()
    if (this.#reconnecting) return
    this.#reconnecting = true
    this.#brokenAt = this.#environment.now()
    void this.#tryUntilReconnected().finally(() => {
      this.#reconnecting = false
      this.#reportTrouble()
    })
  }

  async #tryUntilReconnected(): Promise<void> {
    for (let attempt = 0; this.#broken; attempt += 1) {
      if (attempt > 0) await this.#pause(attempt)
      if (!this.#broken) return
      if (this.#environment.now() - this.#brokenAt > reconnectDelays.rejoin.giveUpAfterMs) return this.#end('lost')
      if (!this.#environment.online()) continue
      const canResume = !this.#hasSocket && this.#resumable
      if (canResume && (await this.#resume())) continue
      if (this.#broken && this.#environment.online()) await this.#rejoin()
    }
  }

  async #pause(attempt: number): Promise<void> {
    this.#skipPause = new AbortController()
    const { firstPauseMs } = reconnectDelays[this.#resumable ? 'resume' : 'rejoin']
    const ms = firstPauseMs / 2 + backoffMs(this.#environment, attempt - 1, firstPauseMs, this.#longestPauseMs())
    await pause(this.#environment, ms, AbortSignal.any([this.#stopped.signal, this.#skipPause.signal]))
  }

  #longestPauseMs(): number {
    if (this.#resumable) return reconnectDelays.resume.longestPauseMs
    const { atFirstMs, longestPauseAtFirstMs, longestPauseMs } = reconnectDelays.rejoin
    return this.#environment.now() - this.#brokenAt < atFirstMs ? longestPauseAtFirstMs : longestPauseMs
  }

  /** Returns false when the call should rejoin instead. */
  async #resume(): Promise<boolean> {
    const attempt: ReconnectAttempt = { step: 'resume', reason: this.#reason }
    try {
      await this.#withTimeout(reconnectDelays.resume.timeoutMs, (signal) => this.#options.steps.resume(attempt, signal))
      this.#resumed()
      return true
    } catch (thrown) {
      const error = appError(thrown)
      if (!error.isTemporary) this.#resumable = false
      // No answer at all means that the network is broken. As long as media flow, another node would be no better.
      return error.code === 'network.timeout' && this.#healthy
    }
  }

  #resumed(): void {
    if (this.#stopped.signal.aborted) return
    this.#hasSocket = true
    for (const recovery of this.#allRecoveries()) recovery.start()
    this.#reportTrouble()
  }

  async #rejoin(): Promise<void> {
    const attempt: ReconnectAttempt = { step: 'rejoin', reason: this.#reason }
    this.#rejoining = true
    // Rejoining closes the socket. If it fails, the call resumes.
    this.#hasSocket = false
    this.#reportTrouble()
    try {
      const { timeoutMs, timeoutWhileResumableMs } = reconnectDelays.rejoin
      const ms = this.#resumable ? timeoutWhileResumableMs : timeoutMs
      await this.#withTimeout(ms, (signal) => this.#options.steps.rejoin(attempt, signal))
      this.#rejoining = false
      if (!this.#stopped.signal.aborted) this.joined()
    } catch (thrown) {
      const error = appError(thrown)
      const mayWorkLater = error.isTemporary || temporaryCodes.some((each) => error.code.startsWith(each))
      if (!mayWorkLater) this.#end(error.code === 'meeting.seat_taken' ? 'taken_over' : error.code)
    } finally {
      this.#rejoining = false
    }
  }

  #withTimeout(timeoutMs: number, act: (signal: AbortSignal) => Promise<void>): Promise<void> {
    return withTimeout({ environment: this.#environment, timeoutMs, stopped: this.#stopped.signal }, act)
  }

  #end(why: Parameters<Options['onEnd']>[0]): void {
    if (this.#stopped.signal.aborted) return
    this.stop()
    this.#options.onEnd(why)
  }

  #reportTrouble(): void {
    if (this.#stopped.signal.aborted) return
    const trouble = this.#currentTrouble()
    if (trouble === this.#trouble) return
    this.#trouble = trouble
    this.#options.onTrouble(trouble)
  }

  #currentTrouble(): CallTrouble | null {
    if (this.#rejoining || this.#mustRejoin) return 'rejoining'
    if (!this.#healthy) return 'media'
    return this.#hasSocket ? null : 'socket'
  }
}
