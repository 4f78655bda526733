import type { SessionId, UserId } from '@veche/shared/ids'
import { fail, must } from '../errors.ts'
import { KeyedSemaphore, type Semaphore } from './Semaphore.ts'

export type TurnLimits = { running: number; waiting: number }
type Waiting = { actor: { userId: UserId; sessionId: SessionId }; signal: AbortSignal | undefined }

/**
 * Of each person little work of one kind runs at the same time, and not much waits: whoever asks for too much waits for themselves. Who
 * had to wait may be signed out by now, so the session is asked for again.
 */
export class PersonTurns {
  readonly #gate: KeyedSemaphore
  readonly #isLive: (id: SessionId) => Promise<boolean>
  readonly #maxWaiting: number

  constructor(isLive: (id: SessionId) => Promise<boolean>, { running, waiting }: TurnLimits) {
    this.#isLive = isLive
    this.#gate = new KeyedSemaphore(running)
    this.#maxWaiting = waiting
  }

  run<T>(waiting: Waiting, work: () => Promise<T>): Promise<T> {
    const { userId } = waiting.actor
    if (this.#gate.waiting(userId) >= this.#maxWaiting) fail('request.too_many', { retryAfterSeconds: 1 })
    return this.#gate.run(userId, (hasWaited) => this.#afterWait(waiting, hasWaited, work))
  }

  /** The same for work that waits for a slot that all people share: `run` has given this person a turn before. */
  inSlot<T>(waiting: Waiting, slots: Semaphore, work: () => Promise<T>): Promise<T> {
    return slots.run((hasWaited) => this.#afterWait(waiting, hasWaited, work))
  }

  async #afterWait<T>({ actor, signal }: Waiting, hasWaited: boolean, work: () => Promise<T>): Promise<T> {
    must(!signal?.aborted, 'server.busy')
    if (hasWaited) must(await this.#isLive(actor.sessionId), 'auth.required')
    return work()
  }
}
