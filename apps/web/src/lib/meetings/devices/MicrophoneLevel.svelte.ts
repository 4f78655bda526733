import type { DeviceAccess } from './device-access.ts'

/** The level of the open microphone, from 0 to 1. */
export class MicrophoneLevel {
  value = $state(0)
  readonly #access: DeviceAccess
  #meter: { close(): void } | undefined

  constructor(access: DeviceAccess) {
    this.#access = access
  }

  measure(track: MediaStreamTrack | null): void {
    this.#meter?.close()
    this.value = 0
    this.#meter = track ? this.#newMeter(track) : undefined
  }

  /** Firefox cannot measure a microphone whose sample rate differs from that of the loudspeaker. It can be heard all the same. */
  #newMeter(track: MediaStreamTrack): { close(): void } | undefined {
    try {
      return this.#access.meter(track, (level) => (this.value = level))
    } catch {
      return undefined
    }
  }
}
