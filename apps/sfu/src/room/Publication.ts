import { EventEmitter } from 'node:events'
import type { SeatId } from '@veche/shared/ids'
import type { Source } from '@veche/shared/meetings'
import type { types } from 'mediasoup'
import type { Deps } from '../deps.ts'
import { withTimeout } from '../media/timeout.ts'
import type { PublicationView } from '../signalling/frames.ts'

type PublicationOptions = {
  deps: Deps
  seatId: SeatId
  producer: types.Producer
  source: Source
  transportId: string
  paused: boolean
}

/** One stream that a peer sends. It flows while its owner wants it to and the node does not hold it. */
export class Publication extends EventEmitter<{ closed: [] }> {
  readonly seatId: SeatId
  readonly source: Source
  readonly transportId: string
  readonly producer: types.Producer
  /** Why the node stopped it, until its owner resumes it. */
  held: 'bitrate' | 'capability' | null = null
  readonly #deps: Deps
  #wanted: boolean
  #lastChange: Promise<unknown> = Promise.resolve()
  #countedBytes = 0

  constructor({ deps, seatId, producer, source, transportId, paused }: PublicationOptions) {
    super()
    this.#deps = deps
    this.seatId = seatId
    this.producer = producer
    this.source = source
    this.transportId = transportId
    this.#wanted = !paused
    producer.observer.once('close', () => this.emit('closed'))
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

  /** The largest simulcast layer that arrives: browsers leave out layers for which they have no bandwidth. */
  get largestLayer(): number {
    const arriving = this.producer.score.filter(({ score }) => score > 0)
    return Math.max(0, ...arriving.map(({ encodingIdx }) => encodingIdx))
  }

  view(): PublicationView {
    return { id: this.id, source: this.source, paused: this.paused }
  }

  /** The owner pauses or resumes. Resuming also ends a hold, so the caller checks the capability first. */
  async setPaused(paused: boolean): Promise<void> {
    this.#wanted = !paused
    if (!paused) this.held = null
    await this.#applyPause()
  }

  /** The node pauses. Only the owner resumes, even after the reason is gone: no microphone opens by itself. */
  async hold(reason: 'bitrate' | 'capability'): Promise<void> {
    this.held = reason
    this.#wanted = false
    await this.#applyPause()
  }

  close(): void {
    this.producer.close()
  }

  /** Bytes that came since the last call. */
  async countBytes(): Promise<number> {
    const stats = await withTimeout(this.#deps, this.producer.getStats())
    const bytes = stats.reduce((sum, { byteCount }) => sum + byteCount, 0)
    const before = this.#countedBytes
    this.#countedBytes = bytes
    return Math.max(0, bytes - before)
  }

  /** The transport's total is below every limit, so it serves as an upper bound and the worker is not asked. */
  assumeBytes(bytes: number): void {
    this.#countedBytes += bytes
  }

  /** One request after the other, so the last wish is what holds. */
  #applyPause(): Promise<void> {
    const work = async () => {
      if (this.closed || this.producer.paused === this.paused) return
      await withTimeout(this.#deps, this.paused ? this.producer.pause() : this.producer.resume())
    }
    const done = this.#lastChange.then(work, work)
    this.#lastChange = done.catch(() => undefined)
    return done
  }
}
