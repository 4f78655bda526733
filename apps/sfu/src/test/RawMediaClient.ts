import { createHmac, randomBytes } from 'node:crypto'
import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { crc32 } from 'node:zlib'
import type { TransportView } from '../signalling/frames.ts'

/** Connects to a transport with a valid ICE check, without a browser, and then sends any bytes that a test wants. */
export class RawMediaClient {
  readonly #socket: Socket
  readonly #port: number

  static async open(view: TransportView): Promise<RawMediaClient> {
    const udp = view.iceCandidates.find(({ protocol }) => protocol === 'udp')
    const socket = createSocket('udp4')
    const client = new RawMediaClient(socket, udp?.port ?? 0)
    const answered = once(socket, 'message') as Promise<[Buffer]>
    await client.send(iceCheck(view.iceParameters))
    const [answer] = await answered
    if (answer.readUInt16BE(0) !== 0x0101) throw new Error('the ICE check was refused')
    return client
  }

  private constructor(socket: Socket, port: number) {
    this.#socket = socket
    this.#port = port
  }

  send(bytes: Buffer): Promise<void> {
    return new Promise((resolve) => this.#socket.send(bytes, this.#port, '127.0.0.1', () => resolve()))
  }

  close(): void {
    this.#socket.close()
  }
}

/** What a browser sends to check its path, again and again: a binding request that nominates its candidate pair (RFC 8445). */
export function iceCheck({ usernameFragment, password }: TransportView['iceParameters']): Buffer {
  const plain = Buffer.concat([
    attribute(0x0006, Buffer.from(`${usernameFragment}:raw`)),
    attribute(0x0024, Buffer.from('6e7f1eff', 'hex')),
    attribute(0x802a, randomBytes(8)),
    attribute(0x0025, Buffer.alloc(0)),
  ])
  const id = randomBytes(12)
  const head = (length: number) => {
    const start = Buffer.from('000100002112a442', 'hex')
    start.writeUInt16BE(length, 2)
    return Buffer.concat([start, id])
  }
  const signed = Buffer.concat([head(plain.length + 24), plain])
  const whole = Buffer.concat([plain, attribute(0x0008, createHmac('sha1', password).update(signed).digest())])
  const sum = Buffer.alloc(4)
  sum.writeUInt32BE((crc32(Buffer.concat([head(whole.length + 8), whole])) ^ 0x5354554e) >>> 0)
  return Buffer.concat([head(whole.length + 8), whole, attribute(0x8028, sum)])
}

function attribute(type: number, value: Buffer): Buffer {
  const start = Buffer.alloc(4)
  start.writeUInt16BE(type)
  start.writeUInt16BE(value.length, 2)
  return Buffer.concat([start, value, Buffer.alloc((4 - (value.length % 4)) % 4)])
}
