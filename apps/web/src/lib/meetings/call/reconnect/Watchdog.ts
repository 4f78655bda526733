import type { StreamKey } from '../subscribe/Subscriptions.ts'

const MIC_SILENT_MS = 10_000
const CAMERA_FROZEN_MS = 4_000
const REQUEST_KEY_FRAME_MS = 3_000
const PICTURE_FROZEN_MS = 7_000

/** What was counted at one moment; null where nothing is expected to change. */
export type MediaSample = {
  at: number
  /** The energy of the open microphone since it was opened. */
  micEnergy: number | null
  /** The number of pictures that the camera has given. */
  camFrames: number | null
  /** The number of pictures decoded of each camera that should move. `starved`: the network has no room, and the node sends nothing. */
  received: { key: StreamKey; id: string; frames: number; starved: boolean }[]
}
export type MediaStalls = {
  micSilent: boolean
  camFrozen: boolean
  /** Subscriptions for which a key frame should be requested now. */
  needKeyFrame: string[]
  frozen: Set<StreamKey>
}

/** Finds media that stand still although they should not. It only reports: a stall ends as soon as something changes. */
export class Watchdog {
  readonly #mic = new Stopwatch()
  readonly #cam = new Stopwatch()
  readonly #received = new Map<string, Stopwatch>()
  readonly #requested = new Set<string>()

  check(sample: MediaSample): MediaStalls {
    const stalls: MediaStalls = {
      micSilent: this.#mic.unchangedMs(sample.micEnergy, sample.at) >= MIC_SILENT_MS,
      camFrozen: this.#cam.unchangedMs(sample.camFrames, sample.at) >= CAMERA_FROZEN_MS,
      needKeyFrame: [],
      frozen: new Set(),
    }
    const ids = new Set(sample.received.map(({ id }) => id))
    for (const id of this.#received.keys()) if (!ids.has(id)) this.#forget(id)
    for (const { key, id, frames, starved } of sample.received) {
      const ms = this.#stopwatch(id).unchangedMs(frames, sample.at)
      if (ms === 0) this.#requested.delete(id)
      if (ms >= PICTURE_FROZEN_MS) stalls.frozen.add(key)
      else if (ms >= REQUEST_KEY_FRAME_MS && !starved && !this.#requested.has(id)) {
        this.#requested.add(id)
        stalls.needKeyFrame.push(id)
      }
    }
    return stalls
  }

  /** After a repair everything is given its full time again. */
  reset(): void {
    this.#mic.reset()
    this.#cam.reset()
    this.#received.clear()
    this.#requested.clear()
  }

  #stopwatch(id: string): Stopwatch {
    const existing = this.#received.get(id)
    if (existing) return existing
    const stopwatch = new Stopwatch()
    this.#received.set(id, stopwatch)
    return stopwatch
  }

  #forget(id: string): void {
    this.#received.delete(id)
    this.#requested.delete(id)
  }
}

/** Measures for how long a number has not changed. */
class Stopwatch {
  #value: number | null = null
  #since = 0

  unchangedMs(value: number | null, at: number): number {
    if (value !== null && value === this.#value) return at - this.#since
    this.#value = value
    this.#since = at
    return 0
  }

  reset(): void {
    this.#value = null
  }
}
