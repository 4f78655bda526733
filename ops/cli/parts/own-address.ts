import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { networkInterfaces } from 'node:os'

/** Connecting a UDP socket to this unused address sends nothing, but shows which of our addresses leads outside. */
const outside = '203.0.113.254'

/** The IPv4 address by which other machines of the network reach this one; loopback without a network. */
async function ownAddress(): Promise<string> {
  const socket = createSocket('udp4')
  try {
    socket.connect(9, outside)
    await once(socket, 'connect')
    return socket.address().address
  } catch {
    return (await addresses())[0] ?? '127.0.0.1'
  } finally {
    socket.close()
  }
}

/** The addresses of this machine's media nodes, the one that leads outside first. */
export async function mediaAddresses(mediaHost: string): Promise<[string, ...string[]]> {
  if (!['0.0.0.0', '::'].includes(mediaHost)) return [mediaHost]
  const first = await ownAddress()
  return [first, ...(await addresses()).filter((address) => address !== first)]
}

/** Before the installation no package is there, hence the late import. */
async function addresses(): Promise<string[]> {
  const { ownAddresses } = await import('@veche/shared/addresses/own-addresses')
  return ownAddresses(networkInterfaces())
}
