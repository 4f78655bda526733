import { readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { SocketAddress } from 'node:net'
import type { Clock } from '../clock.ts'

export type TcpConnection = { localPort: number; remoteIp: string; remotePort: number }

/** The buffers of each TCP connection: half a second of a large call. Without a size the kernel lets each grow to megabytes. */
export const tcpBufferBytes = 500_000
/** What Linux grants at most, unless it is told otherwise. */
const usualMaxBytes = 212_992
/** All transports of a worker ask within the same second. */
const maxAgeMs = 900

/**
 * How much waits to be sent on the TCP connections of this machine, as Linux tells it. The media worker queues without a bound what the kernel
 * does not take, and has no statistic of it. While it queues, the buffer of the kernel is full, and that can be read.
 */
export class TcpQueues {
  /** With more than this a buffer is full: Linux doubles what was asked for, and fills nearly all of it. */
  readonly fullBytes = Math.min(tcpBufferBytes, grantedBytes())
  readonly #clock: Clock
  #read: { at: number; localPort: number; waiting: Promise<Map<string, number>> } | null = null

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Bytes in the kernel that the other side has not taken; 0 where there is no such connection, or no Linux. */
  async waitingBytes({ localPort, remoteIp, remotePort }: TcpConnection): Promise<number> {
    const at = this.#clock.now()
    if (this.#read?.localPort !== localPort || at - this.#read.at >= maxAgeMs)
      this.#read = { at, localPort, waiting: readWaiting(localPort) }
    return (await this.#read.waiting).get(remoteKey(remoteIp, remotePort)) ?? 0
  }
}

function grantedBytes(): number {
  try {
    return Number(readFileSync('/proc/sys/net/core/wmem_max', 'utf8'))
  } catch {
    return usualMaxBytes
  }
}

/** What waits on the connections of a port, by the other end. */
async function readWaiting(localPort: number): Promise<Map<string, number>> {
  const files = ['/proc/net/tcp', '/proc/net/tcp6'].map((path) => readFile(path, 'latin1').catch(() => ''))
  const lines = (await Promise.all(files)).flatMap((text) => text.split('\n'))
  const isOnPort = new RegExp(`^ *\\d+: [0-9A-F]+:${localPort.toString(16).toUpperCase().padStart(4, '0')} `)
  return new Map(lines.filter((line) => isOnPort.test(line)).map(parseSocket))
}

/** A line has the number, the local address, the remote one, the state, and the bytes to send and to read, all in hexadecimal digits. */
function parseSocket(line: string): [remote: string, waitingBytes: number] {
  const [, , remote = '', , queues = ''] = line.trim().split(/ +/)
  const [address = '', port = ''] = remote.split(':')
  // Each word of four bytes is in the order of the machine, which is the reverse here.
  const ip = textOf(Buffer.from(address, 'hex').swap32())
  return [remoteKey(ip, Number.parseInt(port, 16)), Number.parseInt(queues.split(':')[0] ?? '', 16)]
}

function textOf(bytes: Buffer): string {
  if (bytes.length === 4) return bytes.join('.')
  return Array.from({ length: 8 }, (_, group) => bytes.readUInt16BE(group * 2).toString(16)).join(':')
}

/** One text for each address: mediasoup and the kernel may write the same one in different ways. */
function remoteKey(ip: string, port: number): string {
  const { address } = new SocketAddress({ address: ip, family: ip.includes(':') ? 'ipv6' : 'ipv4' })
  return `${address.replace(/^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/, '')} ${port}`
}
