import { SvelteMap } from 'svelte/reactivity'
import type { Track } from './tracks.ts'

/** gone: the message was deleted, or may not be heard any more. */
export type PlaybackFailure = 'gone' | 'unreachable' | 'unplayable'

/** The part of an audio element that is needed. */
export type SoundElement = Pick<
  HTMLAudioElement,
  'src' | 'currentTime' | 'duration' | 'playbackRate' | 'defaultPlaybackRate' | 'play' | 'pause' | 'removeAttribute'
> &
  EventTarget

export type PlaybackOptions = {
  element: SoundElement
  /** Calls it again and again until the answer is called. */
  every: (ms: number, run: () => void) => () => void
  /** Why this address gives nothing to play. */
  failureOf: (url: string) => Promise<PlaybackFailure>
  /** What follows when a voice message has ended. */
  next: (ended: Track) => Promise<Track | null>
  /** Somebody begins to listen, so all else is silent. */
  onPlay: (track: Track) => void
  rate?: number
  onRate?: (rate: number) => void
}

export const playbackRates = [1, 1.5, 2] as const
const TICK_MS = 100

/** What this tab plays: one sound at a time, whatever page is open. */
export class Playback {
  track = $state.raw<Track | null>(null)
  state = $state<'loading' | 'playing' | 'paused' | 'failed'>('paused')
  failure = $state<PlaybackFailure | null>(null)
  positionMs = $state(0)
  rate = $state(1)
  #durationMs = $state(0)
  readonly #options: PlaybackOptions
  /** Where somebody stopped, by the key of the track. */
  readonly #stoppedAt = new SvelteMap<string, number>()
  #objectUrl: string | null = null
  /** It was not paused while its bytes were read. */
  #isWanted = false
  #stopTicking: () => void = () => undefined

  constructor(options: PlaybackOptions) {
    this.#options = options
    this.rate = options.rate ?? 1
    const { element } = options
    element.addEventListener('playing', () => this.#setPlaying())
    element.addEventListener('pause', () => this.#setPaused())
    element.addEventListener('waiting', () => this.state === 'playing' && (this.state = 'loading'))
    element.addEventListener('durationchange', () => this.#readDuration())
    element.addEventListener('ended', () => void this.#end())
    element.addEventListener('error', () => void this.#fail())
  }

  /** Reactive. */
  isCurrent(key: string): boolean {
    return this.track?.key === key
  }

  /** Reactive. It plays, or does so as soon as its bytes are here. */
  isPlaying(key: string): boolean {
    return this.isCurrent(key) && (this.state === 'playing' || this.state === 'loading')
  }

  /** Reactive. */
  isLoading(key: string): boolean {
    return this.isCurrent(key) && this.state === 'loading'
  }

  /** Reactive. Why a track cannot be heard; null for one that nobody has tried last. */
  failureOf(key: string): PlaybackFailure | null {
    return this.isCurrent(key) && this.state === 'failed' ? this.failure : null
  }

  /** Reactive. How far a track was listened to, also one that is not played now. */
  positionOf(key: string): number {
    return this.isCurrent(key) ? this.positionMs : (this.#stoppedAt.get(key) ?? 0)
  }

  get durationMs(): number {
    return this.#durationMs
  }

  toggle(track: Track): void {
    if (this.isPlaying(track.key)) this.pause()
    else void this.play(track)
  }

  async play(track: Track): Promise<void> {
    const { element, onPlay } = this.#options
    onPlay(track)
    this.#isWanted = true
    const isOther = !this.isCurrent(track.key)
    if (isOther || this.state === 'failed') {
      if (isOther) this.#leave()
      this.track = track
      this.positionMs = this.#stoppedAt.get(track.key) ?? 0
      this.#durationMs = track.durationMs ?? 0
      this.state = 'loading'
      this.failure = null
      // Where nothing has to be awaited, nothing is: a browser lets a page play in the task of a click.
      const url = typeof track.source === 'string' ? track.source : await this.#openObjectUrl(track.source)
      if (this.track !== track) return
      if (!url) return this.#setFailure('gone')
      element.src = url
      element.currentTime = this.positionMs / 1000
      if (!this.#isWanted) return
    }
    element.defaultPlaybackRate = this.rate
    element.playbackRate = this.rate
    await element.play().catch((error: unknown) => {
      // Another track took its place, or the page may not play without a click. Other failures come as events too.
      if (this.track === track && nameOf(error) === 'NotAllowedError') this.#setPaused()
    })
  }

  pause(): void {
    this.#isWanted = false
    this.#options.element.pause()
    this.#setPaused()
  }

  /** Of a track that is not played: it begins there. */
  seek(key: string, ms: number): void {
    const at = Math.max(0, ms)
    if (!this.isCurrent(key)) return void this.#stoppedAt.set(key, at)
    this.positionMs = Math.min(at, this.#durationMs || at)
    if (this.state !== 'failed') this.#options.element.currentTime = this.positionMs / 1000
  }

  setRate(rate: number): void {
    this.rate = rate
    this.#options.element.playbackRate = rate
    this.#options.onRate?.(rate)
  }

  /** Ends the playback; the track begins again where it stopped. */
  close(): void {
    this.#leave()
    this.track = null
    this.state = 'paused'
    this.failure = null
  }

  #leave(): void {
    if (this.track) this.#stoppedAt.set(this.track.key, this.positionMs)
    this.#stopTicking()
    this.#options.element.pause()
    this.#options.element.removeAttribute('src')
    if (this.#objectUrl) URL.revokeObjectURL(this.#objectUrl)
    this.#objectUrl = null
  }

  async #openObjectUrl(source: () => Promise<Blob | null>): Promise<string | null> {
    const bytes = await source().catch(() => null)
    if (!bytes) return null
    if (this.#objectUrl) URL.revokeObjectURL(this.#objectUrl)
    return (this.#objectUrl = URL.createObjectURL(bytes))
  }

  #setPlaying(): void {
    this.state = 'playing'
    this.#stopTicking()
    this.#stopTicking = this.#options.every(TICK_MS, () => this.#readPosition())
  }

  #setPaused(): void {
    if (this.state === 'failed') return
    if (this.state === 'playing') this.#readPosition()
    this.state = 'paused'
    this.#stopTicking()
  }

  #readPosition(): void {
    this.positionMs = this.#options.element.currentTime * 1000
  }

  /** A recording that was not finished by its recorder does not know its own length; its message does. */
  #readDuration(): void {
    const { duration } = this.#options.element
    if (Number.isFinite(duration) && duration > 0) this.#durationMs = duration * 1000
  }

  async #end(): Promise<void> {
    const { track } = this
    if (!track) return
    this.#stopTicking()
    this.positionMs = 0
    this.state = 'loading'
    const next = track.kind === 'voice' ? await this.#options.next(track).catch(() => null) : null
    if (this.track !== track) return
    if (next) await this.play(next)
    else this.close()
  }

  async #fail(): Promise<void> {
    const { track } = this
    // Taking the address away is told as an error too.
    if (!track || !this.#options.element.src) return
    this.#stopTicking()
    const failure = typeof track.source === 'string' ? await this.#options.failureOf(track.source) : 'unplayable'
    if (this.track === track) this.#setFailure(failure)
  }

  #setFailure(failure: PlaybackFailure): void {
    this.state = 'failed'
    this.failure = failure
  }
}

function nameOf(error: unknown): string {
  return error instanceof Error || error instanceof DOMException ? error.name : ''
}
