import { isIPv4 } from 'node:net'
import type { Settings } from './env.ts'
import { turnSecret } from './node-key.ts'
import { mediaAddresses } from './own-address.ts'
import type { TurnPlace } from './state.ts'
import { isLoopback, type TurnOptions } from './turn.ts'

const local = ['localhost', '127.0.0.1', '[::1]']

/**
 * The TURN server of this machine: people call it by the address that the world knows, or by that of the machine, which
 * browsers on the machine reach as well. It speaks to the media nodes here, and to no other; over loopback only where
 * nobody comes from elsewhere.
 */
export async function turnFor(settings: Settings, secret: string, dir: string) {
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
  const place: TurnPlace = { address, port, urls: urls.join(',') }
  return { place, options }
}
