import { createSocket, type Socket as UdpSocket } from 'node:dgram'
import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'

/**
 * The network of one browser, which can be cut as when a cable is pulled: what was open stays open, and nothing arrives. TCP goes
 * through a SOCKS proxy, media over UDP through a relay that the page is told instead of the node.
 */
export class Cut {
  readonly proxy: string
  readonly udpPort: number
  readonly #server: Server
  readonly #udp: UdpSocket
  readonly #sockets = new Set<Socket>()
  readonly #waiting: (() => void)[] = []
  readonly #media = new Map<string, UdpSocket>()
  #isCut = false
  #mediaCut = false
  #lossy = 0
  #owed = 0

  private constructor(server: Server, udp: UdpSocket) {
    this.#server = server
    this.#udp = udp
    this.proxy = `socks5://localhost:${(server.address() as { port: number }).port}`
    this.udpPort = udp.address().port
    server.on('connection', (socket) => this.#serve(socket).catch(() => socket.destroy()))
  }

  /** Media go to this port of a node. */
  static async open(nodePort: number): Promise<Cut> {
    const server = createServer({ pauseOnConnect: true })
    const udp = createSocket('udp4')
    server.listen(0, '127.0.0.1')
    udp.bind(0, '127.0.0.1')
    await Promise.all([once(server, 'listening'), once(udp, 'listening')])
    const cut = new Cut(server, udp)
    udp.on('message', (message, { address, port }) => cut.#relay(message, { address, port, nodePort }))
    return cut
  }

  cut(): void {
    this.#isCut = true
    for (const socket of this.#sockets) socket.pause()
  }

  /** Every TCP connection breaks; what goes over UDP is left alone. */
  dropSockets(): void {
    for (const socket of this.#sockets) socket.destroy()
  }

  /** Only what goes over UDP: a firewall that changed its mind. */
  cutMedia(): void {
    this.#mediaCut = true
  }

  /** So great a share of the pictures that the browser sends gets lost, evenly. */
  lose(share: number): void {
    this.#lossy = share
  }

  mend(): void {
    this.#isCut = this.#mediaCut = false
    this.#lossy = 0
    for (const socket of this.#sockets) socket.resume()
    for (const go of this.#waiting.splice(0)) go()
  }

  close(): void {
    this.#server.close()
    this.#udp.close()
    for (const socket of this.#sockets) socket.destroy()
    for (const socket of this.#media.values()) socket.close()
  }

  #relay(message: Buffer, from: { address: string; port: number; nodePort: number }): void {
    if (this.#isCut || this.#mediaCut || this.#loses(message)) return
    const name = `${from.address}:${from.port}`
    let way = this.#media.get(name)
    if (!way) {
      way = createSocket('udp4')
      way.on('message', (answer) => {
        if (!this.#isCut && !this.#mediaCut) this.#udp.send(answer, from.port, from.address)
      })
      this.#media.set(name, way)
    }
    way.send(message, from.nodePort, '127.0.0.1')
  }

  #loses(message: Buffer): boolean {
    if (!isPicture(message)) return false
    this.#owed += this.#lossy
    if (this.#owed < 1) return false
    this.#owed -= 1
    return true
  }

  async #serve(socket: Socket): Promise<void> {
    if (this.#isCut) await new Promise<void>((resolve) => this.#waiting.push(resolve))
    socket.on('error', () => socket.destroy())
    await read(socket)
    socket.write(Buffer.from([5, 0]))
    const { host, port } = target(await read(socket))
    const far = connect(port, host)
    for (const end of [socket, far]) {
      this.#sockets.add(end)
      end.on('close', () => this.#sockets.delete(end))
      end.on('error', () => [socket, far].forEach((each) => each.destroy()))
    }
    far.once('connect', () => {
      socket.write(Buffer.from([5, 0, 0, 1, 0, 0, 0, 0, 0, 0]))
      socket.pipe(far)
      far.pipe(socket)
      if (this.#isCut) for (const end of [socket, far]) end.pause()
    })
  }
}

/** RTP that is neither sound nor a report, as Chromium numbers them. */
function isPicture(message: Buffer): boolean {
  const [version = 0, type = 0] = [message[0], message[1]]
  const payload = type & 127
  return version >> 6 === 2 && payload >= 96 && payload !== 111
}

async function read(socket: Socket): Promise<Buffer> {
  const [data] = (await Promise.race([once(socket.resume(), 'data'), once(socket, 'close')])) as [Buffer | boolean]
  socket.pause()
  return Buffer.isBuffer(data) ? data : Buffer.alloc(0)
}

/** What a SOCKS client wants: 5, 1, 0, the kind of address, the address, the port. */
function target(request: Buffer): { host: string; port: number } {
  const kind = request[3]
  const length = kind === 3 ? (request[4] ?? 0) : kind === 4 ? 16 : 4
  const start = kind === 3 ? 5 : 4
  const address = request.subarray(start, start + length)
  const host = kind === 3 ? address.toString() : kind === 4 ? '::1' : [...address].join('.')
  return { host, port: request.length > start + length + 1 ? request.readUInt16BE(start + length) : 0 }
}
