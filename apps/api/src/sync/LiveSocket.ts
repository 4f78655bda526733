import type { Duplex } from 'node:stream'
import type { LiveFrame } from '@veche/shared/live'
import { WebSocket } from 'ws'
import type { Socket } from '../ctx.ts'
import type { FrameBytes } from './FrameBytes.ts'

/**
 * The socket of a live stream. Frames are many: each goes as finished bytes into the connection, past tRPC and past the `ws` library,
 * which would do their work anew for every socket. Both send each of their own messages at once and whole, so none is cut in two.
 */
export class LiveSocket implements Socket {
  readonly #webSocket: WebSocket
  readonly #connection: Duplex
  readonly #frameBytes: FrameBytes

  constructor(webSocket: WebSocket, connection: Duplex, frameBytes: FrameBytes) {
    this.#webSocket = webSocket
    this.#connection = connection
    this.#frameBytes = frameBytes
  }

  get bufferedAmount(): number {
    return this.#connection.writableLength
  }

  send(frame: LiveFrame): void {
    if (this.#webSocket.readyState === WebSocket.OPEN) this.#connection.write(this.#frameBytes.of(frame))
  }

  close(code: number, reason: string): void {
    this.#webSocket.close(code, reason)
  }

  terminate(): void {
    this.#webSocket.terminate()
  }
}
