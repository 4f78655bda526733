import { networkInterfaces } from 'node:os'
import { ownAddresses } from '@veche/shared/addresses/own-addresses'

/** The IPv4 addresses at which others reach this node, or the loopback address when it has no network. */
export function nodeAddresses(): string[] {
  const found = ownAddresses(networkInterfaces())
  return found.length > 0 ? found : ['127.0.0.1']
}

/** The host and port to tell others, for a port that listens on this host. */
export function reachable(host: string, port: number): string {
  const isAnyAddress = host === '0.0.0.0' || host === '::'
  const named = isAnyAddress ? (nodeAddresses()[0] ?? host) : host
  return `${named.includes(':') ? `[${named}]` : named}:${port}`
}
