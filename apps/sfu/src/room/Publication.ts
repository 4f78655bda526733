import type { Source } from '@veche/shared/meetings'
import type { types } from 'mediasoup'
import type { Deps } from '../deps.ts'
import type { PublicationView } from '../signalling/frames.ts'
import { within } from '../media/timeout.ts'

/** One stream that a peer sends. It flows if its owner wants it to and the node does not hold it. */
export class Own {
  readonly source: Source
  readonly transportId: string
  readonly producer: types.Producer
  held: 'bitrate' | 'capability' | null = null
  readonly #deps: Deps
  #wanted: boolean
  #turn: Promise<unknown> = Promise.resolve()
  #bytes = 0

  constructor(given: { deps: Deps; producer: types.Producer; source: Source; transportId: string; paused: boolean }) {
    this.#deps = given.deps
    this.producer = given.producer
    this.source = given.source
    this.transportId = given.transportId
    this.#wanted = !given.paused
  }

  get id(): string {
    return this.producer.id
  }

  get paused(): boolean {
    return !this.#wanted || this.held !== null
  }

  get closed(): boolean {
    return this.producer.closed
  }

  /** The largest layer that its owner has the room to send. */
  get largest(): number {
    const flowing = this.producer.score.filter(({ score }) => score > 0)
    return Math.max(0, ...flowing.map(({ encodingIdx }) => encodingIdx))
  }

  view(): PublicationView {
    return { id: this.id, source: this.source, paused: this.paused }
  }

  onClose(listener: () => void): void {
    this.producer.observer.once('close', listener)
  }

  /** By its owner, who also lifts what the node holds: the right to that is asked before. */
  async setPaused(paused: boolean): Promise<void> {
    this.#wanted = !paused
    if (!paused) this.held = null
    await this.#settle()
  }

  /** By the node. When the reason is gone it is the owner who goes on: nobody's microphone opens by itself. */
  async hold(reason: 'bitrate' | 'capability'): Promise<void> {
    this.held = reason
    this.#wanted = false
    await this.#settle()
  }

  close(): void {
    this.producer.close()
  }

  /** Bytes that came since the last look. */
  async came(): Promise<number> {
    const stats = await within(this.#deps, this.producer.getStats())
    const bytes = stats.reduce((sum, { byteCount }) => sum + byteCount, 0)
    const before = this.#bytes
    this.#bytes = bytes
    return Math.max(0, bytes - before)
  }

  /** Nobody looked, since no more than this can have come. */
  unseen(bytes: number): void {
    this.#bytes += bytes
  }

  /** One after the other, and what is asked last is what holds. */
  #settle(): Promise<void> {
    const work = async () => {
      if (this.closed || this.producer.paused === this.paused) return
      await within(this.#deps, this.paused ? this.producer.pause() : this.producer.resume())
    }
    const done = this.#turn.then(work, work)
    this.#turn = done.catch(() => undefined)
    return done
  }
}
