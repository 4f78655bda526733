const TICK_MS = 100
/** A calm voice reaches the upper half. */
const SCALE = 6

/** How loud a microphone is, also while what is sent of it is muted: it listens to a copy. */
export class Meter {
  readonly #context: AudioContext
  readonly #copy: MediaStreamTrack
  readonly #timer: ReturnType<typeof setInterval>
  readonly #samples: Float32Array<ArrayBuffer>

  constructor(track: MediaStreamTrack, tell: (level: number) => void) {
    this.#context = new AudioContext()
    this.#copy = track.clone()
    this.#copy.enabled = true
    const analyser = this.#listen()
    this.#samples = new Float32Array(analyser.fftSize)
    this.#timer = setInterval(() => tell(this.#read(analyser)), TICK_MS)
  }

  close(): void {
    clearInterval(this.#timer)
    this.#copy.stop()
    void this.#context.close()
  }

  #listen(): AnalyserNode {
    const analyser = this.#context.createAnalyser()
    analyser.fftSize = 1024
    try {
      this.#context.createMediaStreamSource(new MediaStream([this.#copy])).connect(analyser)
    } catch (thrown) {
      // A copy that nobody listens to would keep the microphone open.
      this.#copy.stop()
      void this.#context.close()
      throw thrown
    }
    return analyser
  }

  #read(analyser: AnalyserNode): number {
    // Browsers hold it back until somebody clicks.
    if (this.#context.state === 'suspended') void this.#context.resume().catch(() => undefined)
    analyser.getFloatTimeDomainData(this.#samples)
    let sum = 0
    for (const sample of this.#samples) sum += sample * sample
    return Math.min(1, Math.sqrt(sum / this.#samples.length) * SCALE)
  }
}
