import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import type { TransportView } from '../signalling/frames.ts'
import { iceCheck } from './RawMediaClient.ts'

/** Connects to a transport over TCP, and then sends ICE checks without reading the answers. */
export class StalledTcpClient {
  readonly #socket: Socket
  readonly #check: Buffer

  static async open(view: TransportView): Promise<StalledTcpClient> {
    const tcp = view.iceCandidates.find(({ protocol }) => protocol === 'tcp')
    if (!tcp) throw new Error('the transport has no TCP')
    const socket = connect(tcp.port, tcp.address)
    socket.on('error', () => undefined)
    const client = new StalledTcpClient(socket, framed(iceCheck(view.iceParameters)))
    const answered = once(socket, 'data')
    void client.send(1)
    await answered
    socket.pause()
    return client
  }

  private constructor(socket: Socket, check: Buffer) {
    this.#socket = socket
    this.#check = check
  }

  /** Resolves when all of them have left. */
  send(checks: number): Promise<void> {
    const all = Buffer.concat(Array<Buffer>(checks).fill(this.#check))
    return new Promise((resolve) => this.#socket.write(all, () => resolve()))
  }

  read(): void {
    this.#socket.resume()
  }

  close(): void {
    this.#socket.destroy()
  }
}

/** Over TCP each packet has its length before it (RFC 4571). */
function framed(bytes: Buffer): Buffer {
  const length = Buffer.alloc(2)
  length.writeUInt16BE(bytes.length)
  return Buffer.concat([length, bytes])
}
