import { onUserGesture } from '#lib/browser/user-gesture.ts'

const TICK_MS = 100
/** With this factor a calm voice reaches the upper half. */
const SCALE = 6

/** Measures the level of a microphone from a copy of its track, so that it works while the microphone is muted. */
export class LevelMeter {
  readonly #context: AudioContext
  readonly #copy: MediaStreamTrack
  readonly #timer: ReturnType<typeof setInterval>
  readonly #samples: Float32Array<ArrayBuffer>
  #stopListening: (() => void) | undefined

  constructor(track: MediaStreamTrack, onLevel: (level: number) => void) {
    this.#context = new AudioContext()
    this.#copy = track.clone()
    this.#copy.enabled = true
    const analyser = this.#newAnalyser()
    this.#samples = new Float32Array(analyser.fftSize)
    this.#context.onstatechange = () => this.#resume()
    this.#resume()
    this.#timer = setInterval(() => onLevel(this.#read(analyser)), TICK_MS)
  }

  close(): void {
    clearInterval(this.#timer)
    this.#context.onstatechange = null
    this.#stopListening?.()
    this.#copy.stop()
    void this.#context.close()
  }

  #newAnalyser(): AnalyserNode {
    const analyser = this.#context.createAnalyser()
    analyser.fftSize = 1024
    try {
      this.#context.createMediaStreamSource(new MediaStream([this.#copy])).connect(analyser)
    } catch (thrown) {
      // Otherwise the copy would keep the microphone open.
      this.#copy.stop()
      void this.#context.close()
      throw thrown
    }
    return analyser
  }

  /** A browser suspends the context until the person does something in the page, and a phone while another app uses the sound. */
  #resume(): void {
    this.#stopListening?.()
    if (this.#context.state === 'running') return
    const resume = () => void this.#context.resume().catch(() => undefined)
    resume()
    this.#stopListening = onUserGesture(resume)
  }

  #read(analyser: AnalyserNode): number {
    analyser.getFloatTimeDomainData(this.#samples)
    let sum = 0
    for (const sample of this.#samples) sum += sample * sample
    return Math.min(1, Math.sqrt(sum / this.#samples.length) * SCALE)
  }
}
