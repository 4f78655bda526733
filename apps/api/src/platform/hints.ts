import type { ScopeId } from '@veche/shared/ids'
import type { Signal } from '@veche/shared/live'
import type { ScopeKind } from '@veche/shared/rows/rows'
import type { Redis } from 'ioredis'
import type { Logger } from './logger.ts'

/** What writers say after their commit: this scope is at that revision now. Never rows. */
export type Hint = { scope: ScopeKind; id: ScopeId; rev: number }

/** A signal goes to the people named, or to those of the chats named. */
export type AddressedSignal = { signal: Signal; chatIds: ScopeId[]; userIds: ScopeId[]; except?: ScopeId }

/** "Look at the sessions of this person now": the check of every second would find it anyway. */
export type SessionHint = { userId: ScopeId }

export type Told = { hints?: Hint[]; signal?: AddressedSignal; session?: SessionHint }

/**
 * Tells this process at once and the others through Redis. Whatever is lost here is found by the poll, so nothing waits and
 * nothing fails.
 */
export class Hints {
  readonly #publisher: Redis
  readonly #subscriber: Redis
  readonly #log: Logger
  readonly #listeners = new Set<(told: Told) => void>()
  readonly #channel: string
  readonly #self = crypto.randomUUID()
  readonly #heart: NodeJS.Timeout
  #unanswered = false

  constructor(
    publisher: Redis,
    subscriber: Redis,
    { prefix, log, beat = 5_000 }: { prefix: string; log: Logger; beat?: number },
  ) {
    this.#channel = `${prefix}:told`
    this.#publisher = publisher
    this.#subscriber = subscriber
    this.#log = log
    subscriber.on('message', (_channel, text: string) => this.#receive(text))
    // ioredis subscribes again by itself after a reconnect; only the first time may find Redis away.
    subscriber.on('ready', () => void subscriber.subscribe(this.#channel).catch(() => undefined))
    this.#heart = setInterval(() => this.#beat(), beat).unref()
  }

  tell(told: Told): void {
    for (const listener of this.#listeners) listener(told)
    this.#publisher.publish(this.#channel, JSON.stringify({ from: this.#self, told })).catch(() => undefined)
  }

  listen(listener: (told: Told) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Something may have been missed while Redis was away. */
  onReturn(listener: () => void): void {
    this.#subscriber.on('ready', listener)
  }

  /** How many processes listen; this one, when nobody can tell. */
  async processes(): Promise<number> {
    const counted = await this.#publisher.pubsub('NUMSUB', this.#channel).catch(() => [])
    return Math.max(1, Number(counted[1] ?? 1))
  }

  close(): void {
    clearInterval(this.#heart)
    this.#listeners.clear()
    this.#subscriber.disconnect()
  }

  /** Who only listens has to ask whether anybody is there who could speak: a host that is gone says no goodbye. */
  #beat(): void {
    if (this.#subscriber.status !== 'ready') return
    if (this.#unanswered) this.#subscriber.disconnect(true)
    this.#unanswered = !this.#unanswered
    if (!this.#unanswered) return
    const answered = () => (this.#unanswered = false)
    this.#subscriber.ping().then(answered, answered)
  }

  #receive(text: string): void {
    try {
      const { from, told } = JSON.parse(text) as { from: string; told: Told }
      if (from === this.#self) return
      for (const listener of this.#listeners) listener(told)
    } catch (error) {
      this.#log.warn({ err: error }, 'a hint could not be read')
    }
  }
}
