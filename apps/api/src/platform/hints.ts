import type { ScopeId } from '@veche/shared/ids'
import type { Signal } from '@veche/shared/live'
import type { ScopeKind } from '@veche/shared/rows/rows'
import type { Redis } from 'ioredis'
import type { Logger } from './logger.ts'

/** Published after a commit: this scope is at that revision now. It never carries rows. */
export type Hint = { scope: ScopeKind; id: ScopeId; rev: number }

/** A signal goes to the people named, and to those who hold the chats named. */
export type AddressedSignal = { signal: Signal; chatIds: ScopeId[]; userIds: ScopeId[]; except?: ScopeId }

/** Asks for a check of this person's sessions now; the check of every second would find the same. */
export type SessionHint = { userId: ScopeId }

export type HintMessage = { hints?: Hint[]; signal?: AddressedSignal; session?: SessionHint }

/**
 * Tells the listeners of this process at once, and those of the other processes through Redis. What is lost here is found by the poll,
 * so nothing waits for it and nothing fails by it. `LiveHub` listens and sends the new rows; `SeatGuard` listens and ends seats.
 */
export class Hints {
  readonly #publisher: Redis
  readonly #subscriber: Redis
  readonly #log: Logger
  readonly #listeners = new Set<(message: HintMessage) => void>()
  readonly #channel: string
  readonly #processId = crypto.randomUUID()
  readonly #pingTimer: NodeJS.Timeout
  #isPingUnanswered = false

  constructor(
    publisher: Redis,
    subscriber: Redis,
    { prefix, log, pingMs = 5_000 }: { prefix: string; log: Logger; pingMs?: number },
  ) {
    this.#channel = `${prefix}:hints`
    this.#publisher = publisher
    this.#subscriber = subscriber
    this.#log = log
    subscriber.on('message', (_channel, text: string) => this.#receive(text))
    // ioredis subscribes again by itself after a reconnect; only the first time Redis may be away.
    subscriber.on('ready', () => void subscriber.subscribe(this.#channel).catch(() => undefined))
    this.#pingTimer = setInterval(() => this.#ping(), pingMs).unref()
  }

  tell(message: HintMessage): void {
    for (const listener of this.#listeners) listener(message)
    const text = JSON.stringify({ from: this.#processId, message })
    this.#publisher.publish(this.#channel, text).catch(() => undefined)
  }

  listen(listener: (message: HintMessage) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** After Redis was away, hints may have been missed. */
  onReconnect(listener: () => void): void {
    this.#subscriber.on('ready', listener)
  }

  /** How many processes listen: this one at least, also when Redis cannot say. */
  async countProcesses(): Promise<number> {
    const counted = await this.#publisher.pubsub('NUMSUB', this.#channel).catch(() => [])
    return Math.max(1, Number(counted[1] ?? 1))
  }

  close(): void {
    clearInterval(this.#pingTimer)
    this.#listeners.clear()
    this.#subscriber.disconnect()
  }

  /** A host that vanished closes no connection, and a subscriber never writes: without a ping it would listen to nothing for ever. */
  #ping(): void {
    if (this.#subscriber.status !== 'ready') return
    if (this.#isPingUnanswered) this.#subscriber.disconnect(true)
    this.#isPingUnanswered = !this.#isPingUnanswered
    if (!this.#isPingUnanswered) return
    const answered = () => (this.#isPingUnanswered = false)
    this.#subscriber.ping().then(answered, answered)
  }

  #receive(text: string): void {
    try {
      const { from, message } = JSON.parse(text) as { from: string; message: HintMessage }
      if (from === this.#processId) return
      for (const listener of this.#listeners) listener(message)
    } catch (error) {
      this.#log.warn({ err: error }, 'a hint could not be read')
    }
  }
}
