import { networkInterfaces } from 'node:os'

/** The IPv4 addresses at which others reach this machine, or the loopback address when it has no network. */
export function ownAddresses(): string[] {
  const all = Object.values(networkInterfaces()).flatMap((one) => one ?? [])
  const outside = all.filter(({ family, internal }) => family === 'IPv4' && !internal).map(({ address }) => address)
  return outside.length > 0 ? outside : ['127.0.0.1']
}

/** The host and port to tell others, for a port that listens on this host. */
export function reachable(host: string, port: number): string {
  const isAnyAddress = host === '0.0.0.0' || host === '::'
  const named = isAnyAddress ? (ownAddresses()[0] ?? host) : host
  return `${named.includes(':') ? `[${named}]` : named}:${port}`
}
