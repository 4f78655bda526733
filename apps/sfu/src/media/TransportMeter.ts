import type { types } from 'mediasoup'
import type { Deps } from '../deps.ts'
import type { TcpConnection, TcpQueues } from './TcpQueues.ts'
import { withTimeout } from './timeout.ts'
import { noTraffic, type TrafficBytes, TransportTraffic } from './TransportTraffic.ts'

type Measured = {
  transport: types.WebRtcTransport
  stat: types.WebRtcTransportStat | undefined
  traffic: TrafficBytes
  /** Its TCP connection, when that is not read, or much too slowly. */
  stalledTcp: TcpConnection | null
}

/** What may happen while the kernel's buffer of a connection stays full. Media that waits as long as this is of no use to anybody. */
const maxWhileFull = { seconds: 10, bytes: 10_000_000 }
const noneFull = { seconds: 0, bytes: 0 }

/** Measures one transport, once a second. */
export class TransportMeter {
  readonly #deps: Deps
  readonly #transport: types.WebRtcTransport
  readonly #queues: TcpQueues
  readonly #traffic = new TransportTraffic()
  #full = noneFull

  constructor(deps: Deps, transport: types.WebRtcTransport, queues: TcpQueues) {
    this.#deps = deps
    this.#transport = transport
    this.#queues = queues
  }

  /** A transport that is closed while it is measured counts as no traffic. */
  async measure(): Promise<Measured> {
    const transport = this.#transport
    try {
      const connection = this.#tcpConnection()
      const [[stat], waiting] = await Promise.all([
        withTimeout(this.#deps, transport.getStats()),
        connection ? this.#queues.waitingBytes(connection) : 0,
      ])
      const isFull = waiting >= this.#queues.fullBytes
      const traffic = stat ? this.#traffic.difference(stat) : noTraffic
      this.#full = isFull ? { seconds: this.#full.seconds + 1, bytes: this.#full.bytes + traffic.sent } : noneFull
      const isStalled = this.#full.seconds >= maxWhileFull.seconds || this.#full.bytes >= maxWhileFull.bytes
      return { transport, stat, traffic, stalledTcp: isStalled ? connection : null }
    } catch (error) {
      if (transport.closed) return { transport, stat: undefined, traffic: noTraffic, stalledTcp: null }
      throw error
    }
  }

  #tcpConnection(): TcpConnection | null {
    const tuple = this.#transport.iceSelectedTuple
    if (tuple?.protocol !== 'tcp' || !tuple.remoteIp || !tuple.remotePort) return null
    return { localPort: tuple.localPort, remoteIp: tuple.remoteIp, remotePort: tuple.remotePort }
  }
}
