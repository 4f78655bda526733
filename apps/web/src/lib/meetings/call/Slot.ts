import type { types } from 'mediasoup-client'
import type { Source } from '@veche/shared/meetings'
import { type AppError, appError } from '#lib/api/error.ts'
import type { Ask } from './Signalling.ts'
import * as kinds from './transport-options.ts'

/** Where things are sent to: replaced by a new one whenever the transport or the node is. */
export type Link = { transport: types.Transport; ask: Ask }
type Wish = { track: MediaStreamTrack | null; paused: boolean }

const options: Record<Source, types.ProducerOptions> = {
  mic: kinds.voice,
  cam: kinds.camera,
  screen: kinds.screen,
  screenSound: kinds.screenSound,
}

/** One source of mine. It is told what is wished, and brings the producer to that, one step after the other. */
export class Slot {
  readonly source: Source
  producer: types.Producer | null = null
  #wish: Wish = { track: null, paused: true }
  #link: Link | null = null
  /** What the node was last told about the pause. */
  #told = true
  #working = false
  #refused = false
  readonly #onRefused: (source: Source, error: AppError) => void

  constructor(source: Source, onRefused: (source: Source, error: AppError) => void) {
    this.source = source
    this.#onRefused = onRefused
  }

  /** What is heard or seen by the others. */
  get flows(): boolean {
    return this.producer !== null && !this.producer.closed && !this.#told
  }

  get settled(): boolean {
    return !this.#working && this.#done()
  }

  want(wish: Wish): void {
    const { track, paused } = this.#wish
    if (wish.track === track && wish.paused === paused) return
    this.#wish = wish
    // Not after the step that is under way: until an answer comes that is late, the others would hear who is muted here.
    if (wish.track) wish.track.enabled = !wish.paused
    if (wish.paused) this.producer?.pause()
    this.#refused = false
    this.#work()
  }

  /** The old transport's producer is left alone: it flows on until that transport is closed. */
  use(link: Link | null): void {
    this.#link = link
    this.producer = null
    this.#told = true
    this.#refused = false
    this.#work()
  }

  /** The socket came back: what the node has of this source may differ from what it was told. */
  compare(ask: Ask, there: { id: string; paused: boolean } | undefined): void {
    if (this.#link) this.#link = { ...this.#link, ask }
    if (this.producer && this.producer.id !== there?.id) this.#forget()
    else if (there) this.#told = there.paused
    this.#refused = false
    this.#work()
  }

  /** The node closed it by itself. */
  stopped(id: string): void {
    if (this.producer?.id !== id) return
    this.#forget()
    this.#refused = true
  }

  #forget(): void {
    this.producer?.close()
    this.producer = null
    this.#told = true
  }

  #done(): boolean {
    const { producer } = this
    const { track, paused } = this.#wish
    if (!this.#link || this.#refused) return true
    if (!producer || producer.closed) return track === null
    if (track === null && !staysWithout(this.source)) return false
    return producer.track === track && producer.paused === paused && this.#told === paused
  }

  #work(): void {
    if (this.#working || this.#done()) return
    this.#working = true
    void this.#steps().finally(() => {
      this.#working = false
      this.#work()
    })
  }

  async #steps(): Promise<void> {
    while (!this.#done()) {
      const link = this.#link
      try {
        if (link) await this.#step(link)
      } catch (thrown) {
        // Another place, or the same one by another socket: what failed there is done here.
        if (link !== this.#link) continue
        const error = appError(thrown)
        // Without a socket everything waits for the next one; it compares.
        this.#refused = true
        if (!error.network) this.#onRefused(this.source, error)
      }
    }
  }

  async #step(link: Link): Promise<void> {
    const { producer } = this
    const { track, paused } = this.#wish
    if (!producer || producer.closed) {
      if (track) await this.#produce(link, track, paused)
    } else if (track === null && !staysWithout(this.source)) {
      const { id } = producer
      this.#forget()
      await link.ask((node) => node.media.close.mutate({ id }))
    } else if (paused && !(producer.paused && this.#told)) {
      await this.#pause(link, producer, true)
    } else if (producer.track !== track) {
      await producer.replaceTrack({ track })
    } else await this.#pause(link, producer, paused)
  }

  async #produce(link: Link, track: MediaStreamTrack, paused: boolean): Promise<void> {
    const producer = await link.transport.produce({
      track,
      ...options[this.source],
      stopTracks: false,
      zeroRtpOnPause: true,
      appData: { source: this.source, paused },
    })
    if (link.transport !== this.#link?.transport) return
    if (paused) producer.pause()
    this.producer = producer
    this.#told = paused
  }

  async #pause(link: Link, producer: types.Producer, paused: boolean): Promise<void> {
    const { id } = producer
    if (paused) producer.pause()
    else producer.resume()
    this.#told = paused
    try {
      await link.ask((node) => (paused ? node.media.pause.mutate({ id }) : node.media.resume.mutate({ id })))
    } catch (thrown) {
      // The node stands where it stood before.
      if (this.producer === producer) this.#told = !paused
      throw thrown
    }
  }
}

/** A camera is turned on again soon, as a rule. Whoever has no microphone any more is not somebody who is muted, and is shown as such. */
function staysWithout(source: Source): boolean {
  return source === 'cam'
}
