import type { TcpConnection, TcpQueues } from './TcpQueues.ts'

/** A laptop that goes to sleep leaves one behind as well. Two are treated as an attack. */
const tooManyLeft = 2

/**
 * The TCP connections of a seat that were not read. The transport is closed, but the media worker keeps what waits on its connection until
 * the client reads it or goes away. So a seat that has left too many gets its next transports without TCP.
 */
export class StalledTcpConnections {
  readonly #queues: TcpQueues
  #left: TcpConnection[] = []

  constructor(queues: TcpQueues) {
    this.#queues = queues
  }

  add(connection: TcpConnection): void {
    this.#left.push(connection)
  }

  async areTooMany(): Promise<boolean> {
    const waiting = await Promise.all(this.#left.map((one) => this.#queues.waitingBytes(one)))
    this.#left = this.#left.filter((_, index) => waiting[index])
    return this.#left.length >= tooManyLeft
  }
}
