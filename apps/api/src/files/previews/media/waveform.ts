import { limits } from '@veche/shared/limits'
import type { MediaTools } from '../tools/MediaTools.ts'
import { inputOf, type MediaSource } from './probe.ts'

const rate = 8_000
/** Loudness is kept for a twentieth of a second at first, and for twice as long whenever there is too much of it. */
const firstBlock = rate / 20
const maxBlocks = 20_000
/** Of a longer sound the beginning is shown. */
const maxSeconds = 4 * 3_600

export type Loudness = { durationMs: number; waveform: Buffer }

/** Listens to the whole sound: how long it is, whatever the file says, and how loud. */
export async function readLoudness(tools: MediaTools, source: MediaSource): Promise<Loudness> {
  const meter = new LoudnessMeter()
  const input = ['-v', 'error', '-nostdin', '-threads', '1', '-vn', '-t', String(maxSeconds), ...inputOf(source)]
  const output = ['-map', '0:a:0', '-ac', '1', '-ar', String(rate), '-f', 's16le', 'pipe:1']
  await tools.run('ffmpeg', [...input, ...output], source.folder, {
    timeMs: 60_000,
    outputBytes: 2 * rate * (maxSeconds + 60),
    onOutput: (bytes) => meter.add(bytes),
  })
  return { durationMs: Math.round((meter.samples * 1_000) / rate), waveform: meter.waveform() }
}

/** Takes samples of sixteen bits in pieces of any length, and keeps little of them. */
export class LoudnessMeter {
  samples = 0
  readonly #squares: number[] = []
  #blockSize = firstBlock
  #sum = 0
  #count = 0
  #half: number | undefined

  add(bytes: Buffer): void {
    let at = 0
    if (this.#half !== undefined && bytes.length > 0) {
      this.#addSample(((bytes[0]! << 24) >> 16) | this.#half)
      this.#half = undefined
      at = 1
    }
    for (; at + 1 < bytes.length; at += 2) this.#addSample(bytes.readInt16LE(at))
    if (at < bytes.length) this.#half = bytes[at]!
  }

  /** A byte for each hundredth of the sound: the loudest is 255, silence is 0. */
  waveform(): Buffer {
    const blocks = this.#count > 0 ? [...this.#squares, this.#sum / this.#count] : this.#squares
    const parts = Array.from({ length: limits.file.waveform }, (_, part) => loudnessOf(blocks, part))
    const loudest = Math.max(...parts, silence)
    return Buffer.from(parts.map((part) => (part < silence ? 0 : Math.round((part / loudest) * 255))))
  }

  #addSample(sample: number): void {
    this.samples += 1
    this.#sum += sample * sample
    this.#count += 1
    if (this.#count < this.#blockSize) return
    this.#squares.push(this.#sum / this.#count)
    this.#sum = this.#count = 0
    if (this.#squares.length >= maxBlocks) this.#halve()
  }

  #halve(): void {
    for (let at = 0; at < maxBlocks / 2; at += 1)
      this.#squares[at] = (this.#squares[2 * at]! + this.#squares[2 * at + 1]!) / 2
    this.#squares.length = maxBlocks / 2
    this.#blockSize *= 2
  }
}

/** Of 32768: less is noise that nobody hears. */
const silence = 33

/** Of a short sound several parts share a block. */
function loudnessOf(blocks: readonly number[], part: number): number {
  const from = Math.floor((part * blocks.length) / limits.file.waveform)
  const to = Math.max(from + 1, Math.floor(((part + 1) * blocks.length) / limits.file.waveform))
  const mine = blocks.slice(from, to)
  return mine.length === 0 ? 0 : Math.sqrt(mine.reduce((sum, square) => sum + square, 0) / mine.length)
}
