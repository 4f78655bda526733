import { networkInterfaces } from 'node:os'

/** Where others can reach this machine; itself only, when it has no network. */
export function ownAddresses(): string[] {
  const all = Object.values(networkInterfaces()).flatMap((one) => one ?? [])
  const outside = all.filter(({ family, internal }) => family === 'IPv4' && !internal).map(({ address }) => address)
  return outside.length > 0 ? outside : ['127.0.0.1']
}

/** How to say to others where a port is that listens on this host. */
export function reachable(host: string, port: number): string {
  const anywhere = host === '0.0.0.0' || host === '::'
  const named = anywhere ? (ownAddresses()[0] ?? host) : host
  return `${named.includes(':') ? `[${named}]` : named}:${port}`
}
