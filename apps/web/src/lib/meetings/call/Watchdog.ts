import type { Key } from './Incoming.ts'

const SILENT_MS = 10_000
const CAMERA_MS = 4_000
const REFRESH_MS = 3_000
const FROZEN_MS = 7_000

/** What was counted at one moment; null where nothing is expected to move. */
export type Sample = {
  at: number
  /** Energy of the open microphone since it began. */
  micEnergy: number | null
  /** Pictures that the camera has given. */
  camFrames: number | null
  /** Pictures shown of each stream that should move. `starved`: the node sends nothing, the line is too thin. */
  incoming: { key: Key; id: string; frames: number; starved: boolean }[]
}
export type Verdict = { micSilent: boolean; camFrozen: boolean; refresh: string[]; frozen: Set<Key> }

/** Sees what stands still although it should move. It only judges; what it says is taken back as soon as something moves. */
export class Watchdog {
  readonly #mic = new Standstill()
  readonly #cam = new Standstill()
  readonly #incoming = new Map<string, Standstill>()
  readonly #asked = new Set<string>()

  judge(sample: Sample): Verdict {
    const verdict: Verdict = {
      micSilent: this.#mic.see(sample.micEnergy, sample.at) >= SILENT_MS,
      camFrozen: this.#cam.see(sample.camFrames, sample.at) >= CAMERA_MS,
      refresh: [],
      frozen: new Set(),
    }
    const seen = new Set(sample.incoming.map(({ id }) => id))
    for (const id of this.#incoming.keys()) if (!seen.has(id)) this.#forget(id)
    for (const { key, id, frames, starved } of sample.incoming) {
      const still = this.#still(id).see(frames, sample.at)
      if (still === 0) this.#asked.delete(id)
      if (still >= FROZEN_MS) verdict.frozen.add(key)
      else if (still >= REFRESH_MS && !starved && !this.#asked.has(id)) {
        this.#asked.add(id)
        verdict.refresh.push(id)
      }
    }
    return verdict
  }

  /** After a repair everything is given its time again. */
  reset(): void {
    this.#mic.see(null, 0)
    this.#cam.see(null, 0)
    this.#incoming.clear()
    this.#asked.clear()
  }

  #still(id: string): Standstill {
    const known = this.#incoming.get(id)
    if (known) return known
    const fresh = new Standstill()
    this.#incoming.set(id, fresh)
    return fresh
  }

  #forget(id: string): void {
    this.#incoming.delete(id)
    this.#asked.delete(id)
  }
}

/** For how long a number has not moved. */
class Standstill {
  #value: number | null = null
  #since = 0

  see(value: number | null, at: number): number {
    if (value === null || value !== this.#value) {
      this.#value = value
      this.#since = at
      return 0
    }
    return at - this.#since
  }
}
