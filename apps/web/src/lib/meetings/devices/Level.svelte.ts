import type { Machine } from './machine.ts'

/** How loud the open microphone is, from 0 to 1. */
export class Level {
  now = $state(0)
  readonly #machine: Machine
  #meter: { close(): void } | undefined

  constructor(machine: Machine) {
    this.#machine = machine
  }

  listen(track: MediaStreamTrack | null): void {
    this.#meter?.close()
    this.now = 0
    this.#meter = track ? this.#newMeter(track) : undefined
  }

  /** Firefox measures no microphone whose rate is not the loudspeaker's: it is heard all the same. */
  #newMeter(track: MediaStreamTrack): { close(): void } | undefined {
    try {
      return this.#machine.meter(track, (level) => (this.now = level))
    } catch {
      return undefined
    }
  }
}
