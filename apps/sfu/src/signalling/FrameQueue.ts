import type { RoomFrame } from './frames.ts'
import type { SignallingSocket } from './SignallingSocket.ts'

/** With more frames than this waiting the socket is cut. The client resumes and gets the whole state. */
const maxFrames = 1_000

/** Frames for one socket of a peer. They wait here until the socket takes them. */
export class FrameQueue {
  readonly socket: SignallingSocket
  #frames: RoomFrame[]
  #wake: (() => void) | undefined
  #ended = false

  constructor(socket: SignallingSocket, first: RoomFrame) {
    this.socket = socket
    this.#frames = [first]
  }

  push(frame: RoomFrame): void {
    if (this.#ended) return
    if (this.socket.isSlow || this.#frames.length >= maxFrames) return this.socket.cut('slow')
    this.#frames.push(frame)
    this.#wake?.()
  }

  /** Queued frames are still sent. A final frame drops all of them except `joined`: a room that ends queues hundreds for each peer. */
  end(final?: RoomFrame): void {
    if (this.#ended) return
    if (final) this.#frames = [...this.#frames.filter(({ type }) => type === 'joined'), final]
    this.#ended = true
    this.#wake?.()
  }

  async *read(signal: AbortSignal | undefined): AsyncGenerator<RoomFrame, void> {
    const stop = () => {
      this.#frames = []
      this.end()
    }
    signal?.addEventListener('abort', stop, { once: true })
    if (signal?.aborted) stop()
    for (;;) {
      const frame = this.#frames.shift()
      if (frame) yield frame
      else if (this.#ended) return
      else await new Promise<void>((resolve) => (this.#wake = resolve))
    }
  }
}
