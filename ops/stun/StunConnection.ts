import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { decode, type Message } from './message.ts'

const timeoutMs = 5_000
/** UDP loses packets, so a request is repeated until it is answered. */
const repeatAfterMs = 500

/** Where a STUN or TURN server listens. */
export type StunServer = {
  host: string
  port: number
  /** `framed` is TCP as ICE uses it: each message follows its length. */
  protocol: 'udp' | 'tcp' | 'framed'
}

type Wire = { write(bytes: Buffer): void; close(): void }
type Listener = (message: Message) => void
type WireEvents = { received(bytes: Buffer): void; broken(error: Error): void }

/** A connection to one STUN server that matches answers to requests. */
export class StunConnection {
  #wire!: Wire
  readonly #repeats: boolean
  readonly #listeners = new Set<Listener>()
  readonly #broken = Promise.withResolvers<never>()

  static async open(server: StunServer): Promise<StunConnection> {
    const isUdp = server.protocol === 'udp'
    const connection = new StunConnection(isUdp)
    const events: WireEvents = {
      received: (bytes) => connection.#receive(bytes),
      broken: (error) => connection.#broken.reject(error),
    }
    connection.#wire = await (isUdp ? openUdp(server, events) : openTcp(server, events))
    return connection
  }

  private constructor(repeats: boolean) {
    this.#repeats = repeats
    this.#broken.promise.catch(() => undefined)
  }

  send(bytes: Buffer): void {
    this.#wire.write(bytes)
  }

  /** Returns a function that stops listening. */
  listen(listener: Listener): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  async ask(question: Buffer): Promise<Message> {
    const id = question.subarray(8, 20)
    const { promise, resolve, reject } = Promise.withResolvers<Message>()
    const stop = this.listen((message) => {
      if (message.id.equals(id) && message.kind !== 'request') resolve(message)
    })
    const again = this.#repeats && setInterval(() => this.send(question), repeatAfterMs)
    const enough = setTimeout(() => reject(new Error(`no answer within ${timeoutMs / 1000} s`)), timeoutMs)
    try {
      this.send(question)
      return await Promise.race([promise, this.#broken.promise])
    } finally {
      stop()
      clearTimeout(enough)
      if (again) clearInterval(again)
    }
  }

  close(): void {
    this.#listeners.clear()
    this.#wire.close()
  }

  #receive(bytes: Buffer) {
    const message = decode(bytes)
    if (message) for (const listener of [...this.#listeners]) listener(message)
  }
}

async function openUdp({ host, port }: StunServer, { received, broken }: WireEvents): Promise<Wire> {
  const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4')
  socket.on('message', received)
  socket.connect(port, host)
  await once(socket, 'connect')
  socket.on('error', broken)
  return { write: (bytes) => socket.send(bytes, (error) => error && broken(error)), close: () => socket.close() }
}

async function openTcp({ host, port, protocol }: StunServer, { received, broken }: WireEvents): Promise<Wire> {
  const socket = connect({ host, port, timeout: timeoutMs })
  socket.once('timeout', () => socket.destroy(new Error(`no answer within ${timeoutMs / 1000} s`)))
  await once(socket, 'connect')
  socket.setTimeout(0)
  socket.on('error', broken)
  socket.once('close', () => broken(new Error('the connection was closed')))
  cutIntoMessages(socket, protocol === 'framed', received)
  return {
    write: (bytes) => void socket.write(protocol === 'framed' ? Buffer.concat([length(bytes), bytes]) : bytes),
    close: () => socket.destroy(),
  }
}

function cutIntoMessages(socket: Socket, framed: boolean, heard: (bytes: Buffer) => void) {
  let rest: Buffer = Buffer.alloc(0)
  socket.on('data', (bytes: Buffer) => {
    rest = Buffer.concat([rest, bytes])
    const head = framed ? 2 : 0
    for (;;) {
      const size = sizeOf(rest, framed)
      if (size === undefined || rest.length < head + size) return
      heard(rest.subarray(head, head + size))
      rest = rest.subarray(head + size)
    }
  })
}

function sizeOf(bytes: Buffer, framed: boolean) {
  if (framed) return bytes.length < 2 ? undefined : bytes.readUInt16BE(0)
  return bytes.length < 4 ? undefined : 20 + bytes.readUInt16BE(2)
}

function length(bytes: Buffer) {
  const head = Buffer.alloc(2)
  head.writeUInt16BE(bytes.length)
  return head
}
