import type { RoomFrame } from './frames.ts'
import type { Line } from './SignallingSocket.ts'

/** More frames than this waiting for one reader: it is cut off, and comes back for the whole. */
const mostWaiting = 1_000

/** What one socket of a peer is told. Frames wait here only until the socket takes them. */
export class Stream {
  readonly line: Line
  #waiting: RoomFrame[]
  #wake: (() => void) | undefined
  #ended = false

  constructor(line: Line, first: RoomFrame) {
    this.line = line
    this.#waiting = [first]
  }

  push(frame: RoomFrame): void {
    if (this.#ended) return
    if (this.line.slow || this.#waiting.length >= mostWaiting) return this.line.cut('slow')
    this.#waiting.push(frame)
    this.#wake?.()
  }

  /** What waits is still told; a last word makes all of it but the answer to joining idle: a room that ends tells a hundred times as much. */
  end(last?: RoomFrame): void {
    if (this.#ended) return
    if (last) this.#waiting = [...this.#waiting.filter(({ type }) => type === 'joined'), last]
    this.#ended = true
    this.#wake?.()
  }

  async *frames(signal: AbortSignal | undefined): AsyncGenerator<RoomFrame, void> {
    const leave = () => {
      this.#waiting = []
      this.end()
    }
    signal?.addEventListener('abort', leave, { once: true })
    if (signal?.aborted) leave()
    for (;;) {
      const frame = this.#waiting.shift()
      if (frame) yield frame
      else if (this.#ended) return
      else await new Promise<void>((resolve) => (this.#wake = resolve))
    }
  }
}
