import type { types } from 'mediasoup-client'
import type { Source } from '@veche/shared/meetings'
import { type AppError, appError } from '#lib/api/error.ts'
import type { CallNode } from '../connection/SignallingSocket.ts'
import { producerOptions } from './producer-options.ts'

/** Where publications are sent to. Each new transport and each new socket makes another object of it. */
export type PublishTarget = { transport: types.Transport; callNode: CallNode }
type Wanted = { track: MediaStreamTrack | null; paused: boolean }

/** What this seat sends from one source. It is told what is wanted, and brings the producer to that state step by step. */
export class Publication {
  readonly source: Source
  producer: types.Producer | null = null
  #wanted: Wanted = { track: null, paused: true }
  #target: PublishTarget | null = null
  /** Whether the node was last told that the producer is paused. */
  #pausedAtNode = true
  #reconciling = false
  #refused = false
  readonly #onRefused: (error: AppError) => void

  constructor(source: Source, onRefused: (error: AppError) => void) {
    this.source = source
    this.#onRefused = onRefused
  }

  /** The others can hear or see it. */
  get flows(): boolean {
    return this.producer !== null && !this.producer.closed && !this.#pausedAtNode
  }

  get settled(): boolean {
    return !this.#reconciling && this.#isDone()
  }

  want(given: Wanted): void {
    const wanted = { track: given.track, paused: given.paused || given.track === null }
    if (wanted.track === this.#wanted.track && wanted.paused === this.#wanted.paused) return
    this.#wanted = wanted
    // A mute takes effect here at once: the answer to the step under way may come late, and the others would hear the user until then.
    if (wanted.track) wanted.track.enabled = !wanted.paused
    if (wanted.paused) this.producer?.pause()
    this.#refused = false
    this.#reconcile()
  }

  /** The producer on the old transport is left alone: it sends until that transport is closed. */
  connect(target: PublishTarget | null): void {
    this.#target = target
    this.producer = null
    this.#pausedAtNode = true
    this.#refused = false
    this.#reconcile()
  }

  /** After a resume the node may have something else of this source than it was told. */
  compare(there: { id: string; paused: boolean } | undefined): void {
    if (this.#target) this.#target = { ...this.#target }
    if (this.producer && this.producer.id !== there?.id) this.#dropProducer()
    else if (there) this.#pausedAtNode = there.paused
    this.#refused = false
    this.#reconcile()
  }

  /** The node closed this producer by itself. */
  stopped(id: string): void {
    if (this.producer?.id !== id) return
    this.#dropProducer()
    this.#refused = true
  }

  #dropProducer(): void {
    this.producer?.close()
    this.producer = null
    this.#pausedAtNode = true
  }

  #isDone(): boolean {
    const { producer } = this
    const { track, paused } = this.#wanted
    if (!this.#target || this.#refused) return true
    if (!producer || producer.closed) return track === null
    if (track === null && !this.#keepsProducer) return false
    return producer.track === track && producer.paused === paused && this.#pausedAtNode === paused
  }

  #reconcile(): void {
    if (this.#reconciling || this.#isDone()) return
    this.#reconciling = true
    void this.#takeSteps().finally(() => {
      this.#reconciling = false
      this.#reconcile()
    })
  }

  async #takeSteps(): Promise<void> {
    while (!this.#isDone()) {
      const target = this.#target
      try {
        if (target) await this.#takeStep(target)
      } catch (thrown) {
        // There is another transport or socket by now, where the step is repeated.
        if (target !== this.#target) continue
        const error = appError(thrown)
        // Without a socket everything waits for `compare` after the resume.
        this.#refused = true
        if (!error.network) this.#onRefused(error)
      }
    }
  }

  async #takeStep(target: PublishTarget): Promise<void> {
    const { producer } = this
    const { track, paused } = this.#wanted
    if (!producer || producer.closed) {
      if (track) await this.#produce(target, track, paused)
    } else if (track === null && !this.#keepsProducer) {
      const { id } = producer
      this.#dropProducer()
      await target.callNode((node) => node.media.close.mutate({ id }))
    } else if (paused && !(producer.paused && this.#pausedAtNode)) {
      await this.#setPaused(target, producer, true)
    } else if (producer.track !== track) {
      await producer.replaceTrack({ track })
    } else await this.#setPaused(target, producer, paused)
  }

  /**
   * A picture is sent only when the node has its producer. The node drops what comes earlier, and that would be the key frame: the
   * receivers would wait up to a second for another one.
   */
  async #produce({ transport }: PublishTarget, track: MediaStreamTrack, paused: boolean): Promise<void> {
    const onRtpSender = (sender: RTCRtpSender) => void sender.replaceTrack(null)
    const producer = await transport.produce({
      track,
      ...producerOptions[this.source],
      stopTracks: false,
      zeroRtpOnPause: true,
      appData: { source: this.source, paused },
      ...(track.kind === 'video' ? { onRtpSender } : {}),
    })
    if (transport !== this.#target?.transport) return
    if (paused) producer.pause()
    this.producer = producer
    this.#pausedAtNode = paused
    if (track.kind === 'video') await producer.rtpSender?.replaceTrack(track)
  }

  async #setPaused(target: PublishTarget, producer: types.Producer, paused: boolean): Promise<void> {
    const { id } = producer
    if (paused) producer.pause()
    else producer.resume()
    this.#pausedAtNode = paused
    try {
      await target.callNode((node) => (paused ? node.media.pause.mutate({ id }) : node.media.resume.mutate({ id })))
    } catch (thrown) {
      // The node has not changed anything.
      if (this.producer === producer) this.#pausedAtNode = !paused
      throw thrown
    }
  }

  /**
   * A camera is usually turned on again soon, so its producer is kept without a track. A microphone that is gone must not look like one
   * that is muted, so its producer is closed.
   */
  get #keepsProducer(): boolean {
    return this.source === 'cam'
  }
}
