import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { networkInterfaces } from 'node:os'

/** Nobody is there, and nothing is sent: a socket that is pointed at it learns which of our addresses leads outside. */
const outside = '203.0.113.254'

/** The IPv4 address by which others on its network reach this machine; without a network, its own. */
export async function ownAddress(): Promise<string> {
  const socket = createSocket('udp4')
  try {
    socket.connect(9, outside)
    await once(socket, 'connect')
    return socket.address().address
  } catch {
    return firstAddress() ?? '127.0.0.1'
  } finally {
    socket.close()
  }
}

/** Where media of this machine comes from, when it may listen on one address or on all. */
export async function mediaAddress(mediaHost: string): Promise<string> {
  return ['0.0.0.0', '::'].includes(mediaHost) ? ownAddress() : mediaHost
}

function firstAddress() {
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? [])
  return all.find(({ family, internal }) => family === 'IPv4' && !internal)?.address
}
