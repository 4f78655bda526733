import { createSocket, type Socket as UdpSocket } from 'node:dgram'
import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'

/**
 * The network of one browser, which can be cut as when a cable is pulled: open connections stay open, and nothing arrives. TCP goes
 * through a SOCKS proxy, media over UDP through a relay whose port the page gets instead of the node's.
 */
export class BrowserNetwork {
  readonly proxy: string
  readonly udpPort: number
  readonly #server: Server
  readonly #udp: UdpSocket
  readonly #sockets = new Set<Socket>()
  readonly #resumed: (() => void)[] = []
  readonly #media = new Map<string, UdpSocket>()
  #isCut = false
  #mediaCut = false
  #lossShare = 0
  #lossSum = 0

  private constructor(server: Server, udp: UdpSocket) {
    this.#server = server
    this.#udp = udp
    this.proxy = `socks5://localhost:${(server.address() as { port: number }).port}`
    this.udpPort = udp.address().port
    server.on('connection', (socket) => this.#serve(socket).catch(() => socket.destroy()))
  }

  /** Media go to this port of a node. */
  static async open(nodePort: number): Promise<BrowserNetwork> {
    const server = createServer({ pauseOnConnect: true })
    const udp = createSocket('udp4')
    server.listen(0, '127.0.0.1')
    udp.bind(0, '127.0.0.1')
    await Promise.all([once(server, 'listening'), once(udp, 'listening')])
    const cut = new BrowserNetwork(server, udp)
    udp.on('message', (message, { address, port }) => cut.#relay(message, { address, port, nodePort }))
    return cut
  }

  cut(): void {
    this.#isCut = true
    for (const socket of this.#sockets) socket.pause()
  }

  /** Breaks every TCP connection; UDP goes on. */
  dropSockets(): void {
    for (const socket of this.#sockets) socket.destroy()
  }

  /** Cuts UDP alone, as a firewall does. */
  cutMedia(): void {
    this.#mediaCut = true
  }

  /** Loses this share of the video packets that the browser sends, evenly. */
  losePictures(share: number): void {
    this.#lossShare = share
  }

  mend(): void {
    this.#isCut = this.#mediaCut = false
    this.#lossShare = 0
    for (const socket of this.#sockets) socket.resume()
    for (const go of this.#resumed.splice(0)) go()
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
    let socket = this.#media.get(name)
    if (!socket) {
      socket = createSocket('udp4')
      socket.on('message', (answer) => {
        if (!this.#isCut && !this.#mediaCut) this.#udp.send(answer, from.port, from.address)
      })
      this.#media.set(name, socket)
    }
    socket.send(message, from.nodePort, '127.0.0.1')
  }

  #loses(message: Buffer): boolean {
    if (!isPicture(message)) return false
    this.#lossSum += this.#lossShare
    if (this.#lossSum < 1) return false
    this.#lossSum -= 1
    return true
  }

  async #serve(socket: Socket): Promise<void> {
    if (this.#isCut) await new Promise<void>((resolve) => this.#resumed.push(resolve))
    socket.on('error', () => socket.destroy())
    await read(socket)
    socket.write(Buffer.from([5, 0]))
    const { host, port } = requestedAddress(await read(socket))
    const target = connect(port, host)
    for (const end of [socket, target]) {
      this.#sockets.add(end)
      end.on('close', () => this.#sockets.delete(end))
      end.on('error', () => [socket, target].forEach((each) => each.destroy()))
    }
    target.once('connect', () => {
      socket.write(Buffer.from([5, 0, 0, 1, 0, 0, 0, 0, 0, 0]))
      socket.pipe(target)
      target.pipe(socket)
      if (this.#isCut) for (const end of [socket, target]) end.pause()
    })
  }
}

/** RTP of a picture: Chromium numbers sound 111 and reports below 96. */
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

/** Reads a SOCKS request: 5, 1, 0, the kind of address, the address, the port. */
function requestedAddress(request: Buffer): { host: string; port: number } {
  const kind = request[3]
  const length = kind === 3 ? (request[4] ?? 0) : kind === 4 ? 16 : 4
  const start = kind === 3 ? 5 : 4
  const address = request.subarray(start, start + length)
  const host = kind === 3 ? address.toString() : kind === 4 ? '::1' : [...address].join('.')
  return { host, port: request.length > start + length + 1 ? request.readUInt16BE(start + length) : 0 }
}
