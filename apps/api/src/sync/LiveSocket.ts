import type { Duplex } from 'node:stream'
import { serverLimits } from '@veche/shared/server-limits'
import type { LiveFrame } from '@veche/shared/live'
import { shortFrame } from '@veche/shared/sent-frames'
import { WebSocket } from 'ws'
import type { Socket } from '../ctx.ts'

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

  /** A reader that is too slow is disconnected, and asks for the state when it is back. */
  send(frame: LiveFrame): void {
    if (this.#webSocket.readyState !== WebSocket.OPEN) return
    if (this.#connection.writableLength > serverLimits.unsentBytes) this.#webSocket.terminate()
    else this.#connection.write(this.#frameBytes.of(frame))
  }

  close(code: number, reason: string): void {
    this.#webSocket.close(code, reason)
  }
}

/**
 * What a socket sends for a frame, without what its reader can work out. A frame for many tabs is one object, and is made into bytes
 * once: what a server sends in a WebSocket is the same for every socket.
 */
export class FrameBytes {
  readonly #bytes = new WeakMap<LiveFrame, Buffer>()

  of(frame: LiveFrame): Buffer {
    const known = this.#bytes.get(frame)
    if (known) return known
    const bytes = textMessage(JSON.stringify(shortFrame(frame)))
    this.#bytes.set(frame, bytes)
    return bytes
  }
}

/** The first byte of a message that is text and has one part only (RFC 6455, 5.2). */
const WHOLE_TEXT = 0x81

/** A text as a server sends it in a WebSocket: one byte that says so, the length in one, three or nine bytes, and the text. */
function textMessage(text: string): Buffer {
  const length = Buffer.byteLength(text)
  const headLength = length < 126 ? 2 : length < 65_536 ? 4 : 10
  const message = Buffer.allocUnsafe(headLength + length)
  message[0] = WHOLE_TEXT
  message[1] = { 2: length, 4: 126, 10: 127 }[headLength]
  if (headLength === 4) message.writeUInt16BE(length, 2)
  if (headLength === 10) message.writeBigUInt64BE(BigInt(length), 2)
  message.write(text, headLength)
  return message
}
