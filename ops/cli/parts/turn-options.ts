import { isIPv4 } from 'node:net'
import type { Settings } from '../env.ts'
import { turnSecret } from './keys.ts'
import { mediaAddresses } from './own-address.ts'
import type { TurnAddress } from '../operate/state.ts'
import { isLoopback, type TurnOptions } from './turn.ts'

const local = ['localhost', '127.0.0.1', '[::1]']

/**
 * Options of this machine's TURN server. Browsers get its announced address, or the address of the machine, which
 * browsers on this machine reach as well. It relays to the media nodes of this machine only, and to loopback only if
 * the installation is used from this machine only.
 */
export async function turnOptions(settings: Settings, secret: string, dir: string) {
  const { port, relayPorts } = settings.turn
  const { announcedAddress, mediaHost } = settings.sfu
  const [address, ...others] = await mediaAddresses(mediaHost)
  const publicAddress = announcedAddress && isIPv4(announcedAddress) ? announcedAddress : undefined
  const { hostname } = new URL(settings.publicUrl)
  const peers = [address, ...others, ...(publicAddress ? [publicAddress] : [])]
  const options: TurnOptions = {
    dir,
    port,
    relayPorts,
    secret: process.env['TURN_SECRET'] || turnSecret(secret),
    realm: hostname,
    address,
    publicAddress,
    peers: peers.filter((peer) => local.includes(hostname) || !isLoopback(peer)),
  }
  const name = announcedAddress?.includes(':') ? address : (announcedAddress ?? address)
  const urls = ['udp', 'tcp'].map((transport) => `turn:${name}:${port}?transport=${transport}`)
  const turnAddress: TurnAddress = { address, port, urls: urls.join(',') }
  return { address: turnAddress, options }
}
